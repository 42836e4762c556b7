//! Clients that hang up with a reset at a random moment of a request.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::seed::seeded;
use tests::{Actor, Ledger, Server, Store, TestApp, on_both_stores};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

on_both_stores!(clients_that_hang_up_leave_every_lookup_at_the_last_event);

const USERS: usize = 4;
const HANG_UPS: usize = 200;
/// Requests that nobody hangs up on.
const ALONE: usize = 5;

async fn clients_that_hang_up_leave_every_lookup_at_the_last_event(store: Store) {
    let mut chance = seeded("clients_that_hang_up_leave_every_lookup_at_the_last_event");
    let mut app = TestApp::new(store).await;
    let mut users = Vec::new();
    for number in 0..USERS {
        let user = app.user(&format!("user-{number}")).await;
        user.generate_token().await;
        users.push(user);
    }
    // Long enough for requests to be answered now and then, also on a slow machine.
    let longest = (time_alone(&users[0]).await * 6).max(Duration::from_millis(30));
    let work = users.iter().map(|user| {
        let chance = StdRng::seed_from_u64(chance.random());
        hang_up_often(app.server(), user, chance, longest)
    });
    let [a, b, c, d] = <[_; USERS]>::try_from(work.collect::<Vec<_>>()).ok().unwrap();
    tokio::join!(a, b, c, d);

    // Stopping waits for whatever is still under way.
    app.stop().await;
    let ledger = Ledger::read(app.database()).await;
    ledger.assert_tables_follow_from_events();
    let happened =
        users.iter().map(|user| ledger.events_of("token", &user.id).len() - 1).sum::<usize>()
            - ALONE;
    println!("{store:?}: {HANG_UPS} hang-ups, {happened} tokens replaced all the same");
    assert!(happened > HANG_UPS / 20, "hardly any request got through before the reset");

    app.start().await;
    for user in &users {
        let token = user.regenerate_token().await;
        app.with_token(&token).whoami().await.assert_user(&user.name);
    }
}

/// How long the fastest of a few requests takes.
async fn time_alone(user: &Actor) -> Duration {
    let mut fastest = Duration::MAX;
    for _ in 0..ALONE {
        let started = Instant::now();
        user.regenerate_token().await;
        fastest = fastest.min(started.elapsed());
    }
    fastest
}

async fn hang_up_often(server: &Server, user: &Actor, mut chance: StdRng, longest: Duration) {
    let cookie = user.cookie_header().expect("the user is signed in");
    let request = format!(
        "POST /v1/user/api-token/regenerate HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\
         Content-Length: 0\r\n\r\n",
        server.address()
    );
    for _ in 0..HANG_UPS / USERS {
        let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
        stream.write_all(request.as_bytes()).await.expect("the server reads");
        tokio::time::sleep(chance.random_range(Duration::ZERO..longest)).await;
        // Closing sends RST instead of FIN.
        stream.set_zero_linger().expect("a TCP socket");
    }
}
