//! A person with one browser, at the service and at the provider.

use tests::client::url_encoded;
use tests::{Answer, Client, TestApp};

use crate::provider::{PUBLIC_URL, Provider};

/// The refusal of someone whom the service does not know.
pub(crate) const NOT_LINKED: &str =
    "Your identity is not linked to a user here. Ask an administrator for an invitation.";

/// Someone who signs in.
#[derive(Debug)]
pub(crate) struct Visitor {
    /// The browser at the service.
    pub(crate) here: Client,
    /// The same browser at the provider.
    there: Client,
}

impl Visitor {
    /// Nobody has signed in anywhere with this browser.
    pub(crate) fn new(app: &TestApp, provider: &Provider) -> Self {
        Self::with(app.browser(), provider)
    }

    /// Someone with this browser, which the provider does not know.
    pub(crate) fn with(here: Client, provider: &Provider) -> Self {
        Self { here, there: provider.browser() }
    }

    /// As far as the provider's address, with this query.
    pub(crate) async fn set_out(&self, query: &str) -> String {
        let answer = self.here.get(&format!("/sign-in/oidc{query}")).send().await;
        location(&answer.assert_status(303))
    }

    /// From there, by typing this name at the provider, to the way back.
    pub(crate) async fn return_from(&self, url: &str, name: &str) -> String {
        self.walk(url, |page| {
            let fields = if page.contains("name=\"login\"") {
                vec![("prompt", "login"), ("login", name), ("password", "any")]
            } else {
                vec![("prompt", "consent")]
            };
            (attribute(page, "action"), Some(fields))
        })
        .await
    }

    /// From there, by cancelling at the provider, to the way back.
    pub(crate) async fn decline_at(&self, url: &str) -> String {
        self.walk(url, |page| {
            let at = page.find("/abort").expect("a way to cancel");
            let start = page[..at].rfind('"').expect("in quotes") + 1;
            (page[start..at + "/abort".len()].to_owned(), None)
        })
        .await
    }

    /// The whole way; what the service answers at its end.
    pub(crate) async fn sign_in(&self, query: &str, name: &str) -> Answer {
        let url = self.set_out(query).await;
        let back = self.return_from(&url, name).await;
        self.here.get(&back).send().await
    }

    /// The whole way with an invitation, which succeeds.
    pub(crate) async fn accept(&self, code: &str, name: &str) {
        let query = format!("?code={}", url_encoded(code));
        self.sign_in(&query, name).await.assert_status(303);
    }

    /// Follows the provider until it sends the browser back; `act` says what to do on a page.
    async fn walk<'a>(
        &self,
        url: &str,
        act: impl Fn(&str) -> (String, Option<Vec<(&'a str, &'a str)>>),
    ) -> String {
        let mut answer = self.there.get(&target(url)).send().await;
        for _ in 0..12 {
            answer = if answer.status.is_redirection() {
                let location = location(&answer);
                if let Some(back) = location.strip_prefix(PUBLIC_URL) {
                    return back.to_owned();
                }
                self.there.get(&target(&location)).send().await
            } else {
                let (action, fields) = act(&answer.clone().assert_status(200).text());
                match fields {
                    Some(fields) => self.there.post(&target(&action)).form(&fields).send().await,
                    None => self.there.get(&target(&action)).send().await,
                }
            };
        }
        panic!("the provider never sends the browser back: {answer:?}")
    }
}

/// Expects that this browser is signed in as the user of this name.
pub(crate) async fn assert_signed_in(app: &TestApp, browser: &Client, name: &str) {
    let token = browser.post("/v1/user/api-token").send().await.assert_status(201).string("token");
    app.with_token(&token).whoami().await.assert_user(name);
}

/// Expects that nobody is signed in with this browser.
pub(crate) async fn assert_signed_out(browser: &Client) {
    browser.get("/v1/user/api-token").send().await.assert_no_credential();
}

/// Where an answer leads.
pub(crate) fn location(answer: &Answer) -> String {
    answer.header("location").unwrap_or_else(|| panic!("leads nowhere: {answer:?}")).to_owned()
}

/// `url` with another value of a query parameter.
pub(crate) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let (path, query) = url.split_once('?').expect("a query");
    let pairs: Vec<_> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((found, _)) if found == name => format!("{name}={value}"),
            _ => pair.to_owned(),
        })
        .collect();
    let changed = format!("{path}?{}", pairs.join("&"));
    assert_ne!(changed, url, "{url} has no other {name}");
    changed
}

/// The value of a query parameter, as it stands there.
pub(crate) fn parameter<'a>(url: &'a str, name: &str) -> &'a str {
    let (_, query) = url.split_once('?').expect("a query");
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| *found == name).unwrap_or_else(|| panic!("{name} in {url}")).1
}

/// The value of the first attribute of this name in a page.
fn attribute(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("{name}=\"")).expect("the attribute");
    rest.split_once('"').expect("its end").0.to_owned()
}

/// A URL without scheme and host.
fn target(url: &str) -> String {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]).to_owned(),
        None => url.to_owned(),
    }
}
