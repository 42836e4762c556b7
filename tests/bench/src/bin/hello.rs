//! The least a server of the same kind can do: axum as the product serves with it, one small JSON answer, no check.

use std::net::SocketAddr;

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;

#[derive(Serialize)]
struct Hello {
    hello: &'static str,
}

#[tokio::main]
async fn main() {
    let address = std::env::args().nth(1).expect("an address to serve on");
    let listener = TcpListener::bind(address).await.expect("the address is free");
    let router = Router::new().route("/", get(async || Json(Hello { hello: "world" })));
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .await
        .expect("serves until it is killed");
}
