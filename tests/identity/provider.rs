//! The identity provider as a process.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use tests::{Client, Database, Settings, Store, TestApp};

/// How browsers reach the service. Nobody looks the name up: the tests are the browsers.
pub(crate) const PUBLIC_URL: &str = "http://symbolon.test";
/// The service's name at the provider.
pub(crate) const CLIENT_ID: &str = "symbolon";
/// With everything in it that has to be encoded on the way.
pub(crate) const CLIENT_SECRET: &str = "client+secret/of:the&tests%";

/// A running provider. It ends when this is dropped, or the test process is.
#[derive(Debug)]
pub(crate) struct Provider {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Provider {
    /// One for a test that does something to it.
    pub(crate) fn start() -> Self {
        Self::start_on(0)
    }

    /// One at an address that was free a moment ago.
    pub(crate) fn start_on(port: u16) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(
            folder.join("node_modules/oidc-provider").is_dir(),
            "run `npm ci --ignore-scripts` in tests/ first, as tests/all.sh does"
        );
        let mut child = Command::new("node")
            .arg(folder.join("identity/provider.mjs"))
            .arg(port.to_string())
            .arg(format!("{PUBLIC_URL}/sign-in/oidc/callback"))
            .args([CLIENT_ID, CLIENT_SECRET])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs");
        let commands = child.stdin.take().expect("a pipe");
        let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let port: u16 = answer(&mut answers, "listening ").parse().expect("a port");
        Self { child, commands, answers, address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    /// One that all other tests share.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Provider> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Its URL.
    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// A browser that it does not know.
    pub(crate) fn browser(&self) -> Client {
        Client::at(self.address).with_cookies()
    }

    /// Has it sign with a new key and forget the old one.
    pub(crate) fn rotate_keys(&mut self) {
        writeln!(self.commands, "rotate").expect("the provider listens");
        answer(&mut self.answers, "done rotate");
    }

    /// What a service of this provider is started with.
    pub(crate) fn settings(&self) -> Settings {
        settings_for(&self.issuer())
    }

    /// A service whose people sign in here.
    pub(crate) async fn app(&self, store: Store) -> TestApp {
        TestApp::with(Database::new(store).await, self.settings()).await
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a service of the provider with this URL is started with.
pub(crate) fn settings_for(issuer: &str) -> Settings {
    Settings::new()
        .flag("--public-url", PUBLIC_URL)
        .flag("--oidc-issuer", issuer)
        .flag("--oidc-client-id", CLIENT_ID)
        .environment("SYMBOLON_OIDC_CLIENT_SECRET", CLIENT_SECRET)
}

/// The rest of the first line that begins so. The provider also prints notices.
fn answer(lines: &mut impl BufRead, beginning: &str) -> String {
    let mut lines = lines.lines().map(|line| line.expect("the provider speaks UTF-8"));
    lines
        .find_map(|line| line.strip_prefix(beginning).map(str::to_owned))
        .expect("the provider answers")
}
