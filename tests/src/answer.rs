//! What the server said, and the sentences in which stories judge it.

use http::{HeaderMap, StatusCode};
use hyper::body::Bytes;
use serde_json::Value;

/// The message of every 403.
pub const FORBIDDEN: &str = "You do not have permission to access this resource";
/// The message of every 404.
pub const NOT_FOUND: &str = "Resource not found";

/// The body of every 401 that is about a credential, to the byte.
pub const UNAUTHORIZED_BODY: &[u8] = br#"{"error":"Unauthorized","message":"Invalid API token"}"#;
/// The challenge to someone who sent no bearer token.
pub const CHALLENGE: &str = r#"Bearer realm="symbolon""#;
/// The challenge to someone whose bearer token is no good.
pub const CHALLENGE_INVALID_TOKEN: &str =
    r#"Bearer realm="symbolon", error="invalid_token", error_description="Invalid API token""#;

/// One answer. All judgements panic with the whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Method and target of the request.
    pub question: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// The value of a header that appears at most once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.headers_named(name);
        assert!(values.len() <= 1, "{name} appears more than once in {self:?}");
        values.first().copied()
    }

    /// All values of a header.
    pub fn headers_named(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name);
        values.iter().map(|value| value.to_str().expect("headers are ASCII")).collect()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap_or_else(|_| panic!("not text: {self:?}"))
    }

    /// A string in the JSON body.
    pub fn string(&self, key: &str) -> String {
        match self.json().get(key) {
            Some(Value::String(text)) => text.clone(),
            _ => panic!("no string {key} in {self:?}"),
        }
    }

    /// Everything the server sent, for a search.
    pub fn everything(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for (name, value) in &self.headers {
            all.extend_from_slice(name.as_str().as_bytes());
            all.extend_from_slice(b": ");
            all.extend_from_slice(value.as_bytes());
            all.push(b'\n');
        }
        all.extend_from_slice(&self.body);
        all
    }

    /// Expects this status.
    #[track_caller]
    pub fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// Expects a JSON object with exactly these keys.
    #[track_caller]
    pub fn assert_fields(self, expected: &[&str]) -> Self {
        assert_eq!(keys(&self.json()), in_order(expected), "{self:?}");
        self
    }

    /// Expects an error of this type, whatever its message.
    #[track_caller]
    pub fn assert_refused(self, status: u16, error: &str) -> Self {
        let answer = self.assert_status(status).assert_fields(&["error", "message"]);
        let body = answer.json();
        assert_eq!(body["error"], error, "{answer:?}");
        assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{answer:?}");
        answer
    }

    /// Expects an error with this message.
    #[track_caller]
    pub fn assert_error(self, status: u16, error: &str, message: &str) -> Self {
        let answer = self.assert_refused(status, error);
        assert_eq!(answer.json()["message"], message, "{answer:?}");
        answer
    }

    /// Expects the answer to a bearer token that is no good.
    #[track_caller]
    pub fn assert_invalid_api_token(self) -> Self {
        self.assert_unauthorized(CHALLENGE_INVALID_TOKEN)
    }

    /// Expects the answer to someone who sent no bearer token.
    #[track_caller]
    pub fn assert_no_credential(self) -> Self {
        self.assert_unauthorized(CHALLENGE)
    }

    #[track_caller]
    fn assert_unauthorized(self, challenge: &str) -> Self {
        let answer = self.assert_status(401);
        assert_eq!(answer.body, UNAUTHORIZED_BODY, "{answer:?}");
        assert_eq!(answer.header("www-authenticate"), Some(challenge), "{answer:?}");
        answer
    }

    /// Expects the one 403.
    #[track_caller]
    pub fn assert_forbidden(self) -> Self {
        self.assert_error(403, "Forbidden", FORBIDDEN)
    }

    /// Expects the one 404.
    #[track_caller]
    pub fn assert_not_found(self) -> Self {
        self.assert_error(404, "NotFound", NOT_FOUND)
    }

    /// Expects a refusal because of a body or parameter.
    #[track_caller]
    pub fn assert_validation_error(self) -> Self {
        self.assert_refused(400, "ValidationError")
    }

    /// Expects that a token is good and belongs to the user of this name.
    #[track_caller]
    pub fn assert_user(self, name: &str) -> Self {
        let answer = self.assert_status(200);
        let body = answer.json();
        assert_eq!(body["active"], true, "{answer:?}");
        assert_eq!(body["user"]["name"], name, "{answer:?}");
        answer
    }
}

/// The keys of a JSON object, in order.
pub fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap_or_else(|| panic!("not an object: {value}"));
    in_order(&object.keys().map(String::as_str).collect::<Vec<_>>())
}

fn in_order<'a>(keys: &[&'a str]) -> Vec<&'a str> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys
}
