//! Who may do what: every route, asked by everyone there is.
//!
//! A row says of what kind a route is, and the kind says who is let through. A route without a row fails.

mod callers;
mod rows;

use std::collections::BTreeSet;

use tests::answer::{CHALLENGE, CHALLENGE_INVALID_TOKEN, FORBIDDEN, NOT_FOUND, UNAUTHORIZED_BODY};
use tests::{Answer, Database, Settings, Store, TestApp, on_both_stores};

use callers::{Caller, Credential, Role, Scene};
use rows::{Kind, ROWS};

on_both_stores!(everyone_is_let_through_or_refused_as_the_matrix_says);

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The route does its work, or says what it misses.
    Through,
    /// 401, as to someone who sent no bearer token.
    NoCredential,
    /// 401, as to someone whose bearer token is no good.
    BadToken,
    /// The one 403.
    Forbidden,
    /// The one 404.
    NotFound,
    /// Sent to the page where one signs in.
    SignIn,
}
use Verdict::{BadToken, Forbidden, NoCredential, NotFound, SignIn, Through};

fn verdict(kind: Kind, caller: &Caller) -> Verdict {
    let allowed = |yes: bool| if yes { Through } else { Forbidden };
    let by_credential = |known: Verdict| match caller.credential {
        Credential::Nothing => NoCredential,
        Credential::BadToken => BadToken,
        Credential::Token | Credential::Session => known,
    };
    // Pages know nothing of bearer tokens.
    let by_session = |known: Verdict| match caller.credential {
        Credential::Session => known,
        Credential::Nothing | Credential::BadToken | Credential::Token => SignIn,
    };
    match kind {
        Kind::Open => Through,
        Kind::UrlHolder if caller.holds_url => Through,
        Kind::UrlHolder => NotFound,
        Kind::Bearer if caller.credential == Credential::Session => NoCredential,
        Kind::Bearer => by_credential(Through),
        Kind::Browser => by_credential(allowed(caller.credential == Credential::Session)),
        Kind::Admin => by_credential(allowed(caller.is_admin)),
        Kind::Auditor => by_credential(allowed(caller.is_auditor)),
        Kind::Inquirer => {
            let in_a_browser = caller.credential == Credential::Session;
            by_credential(allowed(caller.is_auditor || in_a_browser))
        }
        Kind::Member | Kind::Viewer => by_credential(allowed(caller.role.is_some())),
        Kind::Editor | Kind::Caller => {
            let acts = matches!(caller.role, Some(Role::Admin | Role::Member));
            by_credential(allowed(acts))
        }
        Kind::Page => by_session(Through),
        Kind::AdminPage => by_session(allowed(caller.is_admin)),
        Kind::MemberPage => by_session(if caller.role.is_some() { Through } else { NotFound }),
    }
}

fn is(answer: &Answer, expected: Verdict, kind: Kind) -> bool {
    let status = answer.status.as_u16();
    let error = |kind: &str, message: &str| {
        answer.body == format!(r#"{{"error":"{kind}","message":"{message}"}}"#)
    };
    let unauthorized = |challenge: &str| {
        answer.body == UNAUTHORIZED_BODY && answer.header("www-authenticate") == Some(challenge)
    };
    let sent_to_sign_in = status == 303
        && answer.header("location").is_some_and(|path| path.starts_with("/sign-in?next="));
    match expected {
        Through => {
            let hidden = matches!(kind, Kind::UrlHolder | Kind::MemberPage) && status == 404;
            ![401, 403, 429].contains(&status) && status < 500 && !sent_to_sign_in && !hidden
        }
        NoCredential => status == 401 && unauthorized(CHALLENGE),
        BadToken => status == 401 && unauthorized(CHALLENGE_INVALID_TOKEN),
        Forbidden => status == 403 && error("Forbidden", FORBIDDEN),
        NotFound => status == 404 && error("NotFound", NOT_FOUND),
        SignIn => sent_to_sign_in,
    }
}

#[test]
fn every_route_has_one_row() {
    let rows: BTreeSet<_> = ROWS.iter().map(|(method, path, _)| (*method, *path)).collect();
    let routes: BTreeSet<_> = api::router::ROUTES.iter().copied().collect();
    assert_eq!(rows.len(), ROWS.len(), "a route has two rows");
    let missing: Vec<_> = routes.difference(&rows).collect();
    assert!(missing.is_empty(), "say of what kind these are: {missing:?}");
    let extra: Vec<_> = rows.difference(&routes).collect();
    assert!(extra.is_empty(), "these are no routes: {extra:?}");
}

pub(crate) async fn everyone_is_let_through_or_refused_as_the_matrix_says(store: Store) {
    let app = TestApp::with(Database::new(store).await, Settings::new().unlimited()).await;
    let scene = Scene::set(&app).await;
    let mut wrong = Vec::new();
    let ends = |row: &&(&str, &str, Kind)| rows::ENDS.contains(&(row.0, row.1));
    let (last, first): (Vec<_>, Vec<_>) = ROWS.iter().partition(ends);
    for row @ &(method, path, kind) in first.into_iter().chain(last) {
        for caller in &scene.callers {
            if ends(&row) {
                caller.sign_in_again().await;
            }
            let answer = scene.ask(caller, method, path).await;
            let expected = verdict(kind, caller);
            if !is(&answer, expected, kind) {
                let got = (answer.status.as_u16(), answer.text());
                wrong
                    .push(format!("{method} {path} by {}: {expected:?}, not {got:?}", caller.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
}
