//! A server on a database of its own, with its first administrator: where every story begins.

use std::sync::Arc;

use crate::actors::{Actor, Integration, Invitation};
use crate::answer::Answer;
use crate::client::{Client, Peer};
use crate::database::{Database, Store};
use crate::server::{Ended, Server, Settings};

/// A running service and the people who use it.
#[derive(Debug)]
pub struct TestApp {
    // Before the database, so that it is stopped before its files go.
    server: Option<Server>,
    database: Database,
    settings: Settings,
    peer: Arc<Peer>,
    admin: Actor,
    account_id: String,
}

impl TestApp {
    /// A service with the default settings.
    pub async fn new(store: Store) -> Self {
        Self::with(Database::new(store).await, Settings::new()).await
    }

    /// A service whose limits for accounts no story reaches.
    pub async fn unlimited(store: Store) -> Self {
        Self::with(Database::new(store).await, Settings::new().unlimited()).await
    }

    /// A service on this empty database with these settings.
    pub async fn with(database: Database, settings: Settings) -> Self {
        UnclaimedApp::start(database, settings).await.claim().await
    }

    /// The first user: administrator of the instance and of the first account.
    pub fn admin(&self) -> &Actor {
        &self.admin
    }

    /// The first account, named `Main`.
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// Lets a new user in, as a member of the first account and of no other.
    pub async fn user(&self, name: &str) -> Actor {
        let user = self.user_in_no_account(name).await;
        self.admin.put_member(&self.account_id, &user.id, "member").await;
        user
    }

    /// Lets a new user in, as a member of the first account in this role, and gives a token.
    pub async fn integration(&self, name: &str, role: &str) -> Integration {
        let user = self.user_in_no_account(name).await;
        self.admin.put_member(&self.account_id, &user.id, role).await;
        let token = user.generate_token().await;
        Integration { client: self.with_token(&token), user, token }
    }

    /// Lets in someone who has the role `auditor` and belongs to no account.
    pub async fn auditor(&self) -> Actor {
        let invitation = self.admin.invite_with_roles("audrey", &["auditor"]).await;
        self.accept(&invitation).await
    }

    /// Gives the first account an assistant and returns its id.
    pub async fn assistant(&self) -> String {
        self.admin.add_assistant(&self.account_id).await
    }

    /// Lets a new user in, who belongs to no account.
    pub async fn user_in_no_account(&self, name: &str) -> Actor {
        let invitation = self.admin.invite(name).await;
        self.accept(&invitation).await
    }

    /// Lets an invited user in.
    pub async fn accept(&self, invitation: &Invitation) -> Actor {
        Actor::accept(self.browser(), invitation).await
    }

    /// Someone who sends no credential and keeps no cookie.
    pub fn anonymous(&self) -> Client {
        Client::new(Arc::clone(&self.peer))
    }

    /// A browser in which nobody has signed in.
    pub fn browser(&self) -> Client {
        self.anonymous().with_cookies()
    }

    /// An integration that sends this token.
    pub fn with_token(&self, token: &str) -> Client {
        self.anonymous().with_token(token)
    }

    /// The running server.
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("the server runs")
    }

    /// The running server, to be signalled or killed.
    pub fn server_mut(&mut self) -> &mut Server {
        self.server.as_mut().expect("the server runs")
    }

    /// Where its data is.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Every answer that any client of this service received.
    pub fn answers(&self) -> Vec<Answer> {
        self.peer.answers()
    }

    /// Starts another server on the same data, after [`TestApp::stop`] or [`TestApp::kill`]. All
    /// clients and actors speak to it from then on.
    pub async fn start(&mut self) {
        assert!(self.server.is_none(), "the server runs");
        let server = Server::start(&self.database, &self.settings).await;
        self.peer.move_to(server.address());
        self.server = Some(server);
    }

    /// Stops the server in good order and hands over what it said.
    pub async fn stop(&mut self) -> Ended {
        let ended = self.server.take().expect("the server runs").stop().await;
        assert!(ended.status.success(), "SIGTERM ended the server with {ended:?}");
        ended
    }

    /// Kills the server as `kill -9` does.
    pub fn kill(&mut self) {
        self.server.take().expect("the server runs").kill();
    }
}

/// A running service that nobody has set up.
#[derive(Debug)]
pub struct UnclaimedApp {
    server: Server,
    database: Database,
    settings: Settings,
    peer: Arc<Peer>,
    code: String,
}

impl UnclaimedApp {
    /// A service with the default settings.
    pub async fn new(store: Store) -> Self {
        Self::start(Database::new(store).await, Settings::new()).await
    }

    /// A service on this empty database with these settings.
    pub async fn start(database: Database, settings: Settings) -> Self {
        let server = Server::start(&database, &settings).await;
        Self::on(server, database, settings).await
    }

    /// A service that was started in a way of the test's own, on this empty database.
    pub async fn on(mut server: Server, database: Database, settings: Settings) -> Self {
        let peer = Peer::new(server.address());
        let code = server.setup_code().await;
        Self { server, database, settings, peer, code }
    }

    /// The code that it printed.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// A browser in which nobody has signed in.
    pub fn browser(&self) -> Client {
        Client::new(Arc::clone(&self.peer)).with_cookies()
    }

    /// The running server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Sets the service up.
    pub async fn claim(self) -> TestApp {
        let (admin, account_id) = Actor::first(self.browser(), &self.code).await;
        let Self { server, database, settings, peer, .. } = self;
        TestApp { server: Some(server), database, settings, peer, admin, account_id }
    }
}
