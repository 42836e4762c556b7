//! `symbolon bootstrap`

use std::io::Read;

use clap::Args;
use projections::Via;
use secrecy::SecretString;

use super::Outcome;
use super::console::say;
use crate::enrolment::{self, FirstUser};
use crate::request_context::RequestContext;
use crate::settings::Settings;
use crate::startup::{Service, Surroundings};

/// Who the first user is.
#[derive(Args)]
pub(super) struct Arguments {
    /// How the first user signs in
    #[arg(long)]
    email: String,
    /// The first user's name
    #[arg(long)]
    name: String,
    /// The name of the first account
    #[arg(long)]
    account: String,
    /// Read the password from standard input, up to the end of the first line
    #[arg(long, required = true)]
    password_stdin: bool,
}

/// Makes the first user, or refuses when there is one.
pub(super) async fn run(settings: &Settings, arguments: Arguments) -> Outcome {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let password = input.lines().next().unwrap_or_default().to_owned();
    let service = Service::start(settings, settings.listen, Surroundings::default()).await?;
    let outcome = found(&service, arguments, password.into()).await;
    service.stop().await;
    outcome
}

async fn found(service: &Service, arguments: Arguments, password: SecretString) -> Outcome {
    if service.app.store.has_users().await? {
        return Err("a first user exists; invite others from there".into());
    }
    let first = FirstUser {
        email: arguments.email,
        name: arguments.name,
        password,
        account: arguments.account,
    };
    let context = RequestContext::local(Via::CommandLine);
    let founded = enrolment::found(&service.app, first, None, context).await?;
    say(format!("{} can sign in as {}.", founded.name, founded.email));
    say(format!("user    {}\naccount {}", founded.user_id, founded.account_id));
    Ok(())
}
