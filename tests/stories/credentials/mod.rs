//! Every way to send a credential, right and wrong, as bytes on a socket.

mod cases;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::token::{Prefix, TokenSecret};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::answer::{CHALLENGE, CHALLENGE_INVALID_TOKEN, FORBIDDEN, UNAUTHORIZED_BODY};
use tests::client::neighbour;
use tests::raw::{RawAnswer, exchange_from};
use tests::{Store, TestApp, on_both_stores};

use cases::{CASES, Case, Expected};

on_both_stores!(every_way_to_send_a_credential_gets_the_answer_in_the_table);

pub(crate) async fn every_way_to_send_a_credential_gets_the_answer_in_the_table(store: Store) {
    let app = TestApp::new(store).await;
    let words = vocabulary(&app).await;
    let mut wrong = Vec::new();
    for case in CASES {
        // From an address for each path: so many failures in a minute would be too many from one.
        for (client, path) in [(neighbour(1), "/v1/token"), (neighbour(2), "/v1/account")] {
            let request = request(path, case, &words);
            let answer = exchange_from(client, app.server().address(), &request).await;
            if let Err(complaint) = judge(path, case.3, &answer) {
                wrong.push(format!("{path}: {}: {complaint}: {answer:?}", case.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_is_large_and_names_every_case_once() {
    let names: std::collections::BTreeSet<_> = CASES.iter().map(|case| case.0).collect();
    assert_eq!(names.len(), CASES.len());
    assert!(CASES.len() >= 60, "{} cases", CASES.len());
}

/// A token with a right checksum that no server ever issued.
pub(crate) fn well_formed(prefix: &str) -> String {
    let prefix: Prefix = prefix.parse().expect("a prefix");
    TokenSecret::generate(&prefix, &mut StdRng::seed_from_u64(4)).expose().to_owned()
}

/// What the words in braces stand for.
async fn vocabulary(app: &TestApp) -> Vec<(&'static str, String)> {
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    let token = alice.regenerate_token().await;
    let bob = app.user("bob").await;
    let revoked = bob.generate_token().await;
    bob.revoke_token().await;
    let carol = app.user("carol").await;
    let locked = carol.generate_token().await;
    app.admin().lock(&carol.id).await;
    let foreign_account = app.admin().open_account("Foreign").await;

    let (prefix, symbols) = token.split_at("alta_pat_".len());
    assert_eq!((prefix, symbols.len()), ("alta_pat_", 38));
    let digest = TokenSecret::parse(&Prefix::default(), &token).expect("a token").digest();
    vec![
        ("SHORT", token[..token.len() - 1].to_owned()),
        ("HALF", token[..token.len() / 2].to_owned()),
        ("BARE", symbols.to_owned()),
        ("FOREIGN_PREFIX", well_formed("beta_pat")),
        ("CHECKSUM", changed(&token, token.len() - 1)),
        ("TYPO", changed(&token, prefix.len() + 5)),
        ("SWAPPED", swapped(&token, prefix.len())),
        ("LOWER", token.to_lowercase()),
        ("UPPER", token.to_uppercase()),
        ("BASE64", STANDARD.encode(&token)),
        ("HEX", hex::encode(&token)),
        ("DIGEST", digest.to_string()),
        ("ID", alice.token_state().await.string("tokenId")),
        ("UNKNOWN", well_formed("alta_pat")),
        ("OLD", old),
        ("REVOKED", revoked),
        ("LOCKED", locked),
        ("COOKIE", alice.cookie_header().expect("a session")),
        ("A", app.account_id().to_owned()),
        ("F", foreign_account),
        ("BLANKS", " ".repeat(8 << 10)),
        ("EIGHT_KIB", "A".repeat(8 << 10)),
        ("T", token),
    ]
}

/// With another character at this place.
fn changed(token: &str, place: usize) -> String {
    let mut bytes = token.as_bytes().to_vec();
    bytes[place] = if bytes[place] == b'7' { b'8' } else { b'7' };
    String::from_utf8(bytes).expect("ASCII")
}

/// With two unlike neighbours swapped, the first at this place or after it.
fn swapped(token: &str, place: usize) -> String {
    let mut bytes = token.as_bytes().to_vec();
    let unlike =
        (place..bytes.len() - 1).find(|&at| bytes[at] != bytes[at + 1]).expect("not all are alike");
    bytes.swap(unlike, unlike + 1);
    String::from_utf8(bytes).expect("ASCII")
}

fn request(path: &str, case: &Case, words: &[(&str, String)]) -> Vec<u8> {
    let (_, query, headers, _) = case;
    let mut text = format!(
        "GET {path}{query} HTTP/1.1\r\nHost: symbolon.test\r\nConnection: close\r\n{headers}\r\n\r\n"
    );
    for (name, value) in words {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    bytes_in_braces(&text)
}

/// Replaces `{E9}` by the byte E9.
fn bytes_in_braces(text: &str) -> Vec<u8> {
    let mut parts = text.split('{');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_once('}').unwrap_or_else(|| panic!("no }} in {part}"));
        bytes.extend(hex::decode(byte).unwrap_or_else(|_| panic!("unknown word {byte}")));
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

fn judge(path: &str, expected: Expected, answer: &RawAnswer) -> Result<(), &'static str> {
    use Expected::{
        Accepted, BadToken, InvalidRequest, NoToken, NotHttp, SessionOnly, WrongAccount,
    };
    match (expected, path == "/v1/token") {
        (Accepted, _) | (WrongAccount, true) | (SessionOnly, false) => is_accepted(answer),
        (NoToken, _) | (SessionOnly, true) => is_unauthorized(answer, CHALLENGE),
        (BadToken, _) => is_unauthorized(answer, CHALLENGE_INVALID_TOKEN),
        (InvalidRequest, _) => is_error(answer, 400, "InvalidRequest"),
        (WrongAccount, false) => is_forbidden(answer),
        (NotHttp, _) => ensure(answer.status == 400 && answer.body.is_empty(), "not a bare 400"),
    }
}

fn is_forbidden(answer: &RawAnswer) -> Result<(), &'static str> {
    let body = format!(r#"{{"error":"Forbidden","message":"{FORBIDDEN}"}}"#);
    ensure(answer.status == 403 && answer.body == body.as_bytes(), "not the one 403")
}

fn is_accepted(answer: &RawAnswer) -> Result<(), &'static str> {
    ensure(answer.status == 200, "not a 200")?;
    ensure(answer.header("www-authenticate").is_none(), "a challenge")
}

fn is_unauthorized(answer: &RawAnswer, challenge: &str) -> Result<(), &'static str> {
    ensure(answer.status == 401, "not a 401")?;
    ensure(answer.body == UNAUTHORIZED_BODY, "not the one 401 body")?;
    ensure(answer.header("www-authenticate") == Some(challenge), "another challenge")
}

fn is_error(answer: &RawAnswer, status: u16, error: &str) -> Result<(), &'static str> {
    ensure(answer.status == status, "another status")?;
    let body: serde_json::Value =
        serde_json::from_slice(&answer.body).map_err(|_| "the body is not JSON")?;
    ensure(body["error"] == error, "another error")?;
    ensure(answer.header("www-authenticate").is_none(), "a challenge")
}

fn ensure(holds: bool, complaint: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(complaint) }
}
