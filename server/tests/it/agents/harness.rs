//! A server of its own for each test.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use domfleet_server::accept::{self, Entrance, Peer, Routers};
use domfleet_server::agents;
use domfleet_server::app::App;
use domfleet_server::config::Config;
use domfleet_server::console;
use domfleet_server::db::join_tokens::{self, NewJoinToken};
use domfleet_server::db::organisations::{self, NewOrganisation};
use domfleet_server::db::sites;
use domfleet_server::domain::people::{OrganisationKind, Role, Site};
use domfleet_server::{http, tasks};
use domfleet_shared::id::{OrganisationId, SiteId};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// A server that runs.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    pub(crate) organisation: OrganisationId,
    path: String,
    pub(crate) dir: TempDir,
}

/// As long as anything here takes at most, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

impl Server {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = database(dir.path()).await;
        let text = format!(
            "data_dir = '{}'\ndatabase_url = {database:?}\nheartbeat_seconds = 30",
            dir.path().join("data").display()
        );
        let app = App::open(Config::read(&text, |_| None).unwrap()).await.unwrap();
        let new = NewOrganisation {
            id: OrganisationId::new(),
            parent: None,
            parent_path: "/".into(),
            kind: OrganisationKind::Vendor,
            name: "vendor".into(),
            now: app.clock.now(),
        };
        organisations::insert(app.db.write(), &new).await.unwrap();
        let listener = accept::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let routers = Routers {
            agent: agents::agent_router(&app),
            enrolment: agents::enrolment_router(&app),
            public: http::router(&app),
        };
        let (tracker, stop) = (app.tracker.clone(), app.stop.clone());
        let entrance =
            Entrance::new(std::sync::Arc::clone(&app.faces), routers, tracker.clone(), stop);
        tracker.spawn(entrance.serve(listener));
        agents::say_goodbye_at_the_end(&app);
        tasks::start_for_agents(&app);
        Self { app, address, organisation: new.id, path: new.path(), dir }
    }

    /// The secret of a new token that accepts `uses` appliances at once.
    pub(crate) async fn token(&self, uses: u32) -> String {
        self.token_of(self.organisation, uses, true, Duration::from_hours(1)).await
    }

    /// The secret of a token that accepts appliances at a new site.
    pub(crate) async fn token_of_a_site(&self) -> String {
        let site = Site {
            id: SiteId::new(),
            organisation_id: self.organisation,
            name: "Vienna".into(),
            address: String::new(),
            time_zone: "Europe/Vienna".into(),
            contact: String::new(),
            created_at: self.app.clock.now(),
            version: 1,
        };
        sites::insert(self.app.db.write(), &site).await.unwrap();
        let new = self.new_token(self.organisation, Duration::from_hours(1));
        let new = NewJoinToken { site: Some(site.id), uses: 1000, ..new };
        self.insert(&new).await
    }

    pub(crate) async fn token_of(
        &self,
        organisation: OrganisationId,
        uses: u32,
        preauthorised: bool,
        life: Duration,
    ) -> String {
        let new = self.new_token(organisation, life);
        self.insert(&NewJoinToken { preauthorised, uses, ..new }).await
    }

    fn new_token(&self, organisation: OrganisationId, life: Duration) -> NewJoinToken {
        let now = self.app.clock.now();
        NewJoinToken {
            organisation,
            site: None,
            preauthorised: true,
            uses: 1,
            expires_at: now + life,
            note: String::new(),
            created_by: None,
            now,
        }
    }

    async fn insert(&self, new: &NewJoinToken) -> String {
        let secret = join_tokens::new_secret();
        join_tokens::insert(self.app.db.write(), new, &secret).await.unwrap();
        secret
    }

    /// Another organisation below the topmost.
    pub(crate) async fn customer(&self, name: &str) -> OrganisationId {
        let new = NewOrganisation {
            id: OrganisationId::new(),
            parent: Some(self.organisation),
            parent_path: self.path.clone(),
            kind: OrganisationKind::Customer,
            name: name.into(),
            now: self.app.clock.now(),
        };
        organisations::insert(self.app.db.write(), &new).await.unwrap();
        new.id
    }
}

/// What someone who may see everything is told at `path` of the API.
pub(crate) async fn told(server: &Server, path: &str) -> Value {
    const EMAIL: &str = "admin@test.local";
    const PASSWORD: &str = "correct horse battery";
    let app = &server.app;
    let password = PASSWORD.to_owned();
    console::create_operator(app, EMAIL, "admin", Role::Admin, None, password).await.unwrap();
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let login = Request::post("/api/v1/login").header("content-type", "application/json");
    let login = asked(app, login.body(Body::from(body)).unwrap()).await;
    let token = format!("Bearer {}", login["access_token"].as_str().unwrap());
    let request = Request::get(path).header("authorization", token);
    asked(app, request.body(Body::empty()).unwrap()).await
}

async fn asked(app: &App, mut request: Request<Body>) -> Value {
    let address = SocketAddr::from(([192, 0, 2, 1], 40_000));
    request.extensions_mut().insert(Peer { address, certificate: None });
    let answer = http::router(app).oneshot(request).await.unwrap();
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.app.stop.cancel();
    }
}

async fn database(dir: &std::path::Path) -> String {
    let Ok(server) = std::env::var("DOMFLEET_TEST_POSTGRES") else {
        return format!("sqlite://{}", dir.join("test.sqlite").display());
    };
    let name = format!("domfleet_{}", uuid::Uuid::now_v7().simple());
    let (prefix, _) = server.rsplit_once('/').unwrap();
    let admin = Database::connect(&server).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    admin.close().await.unwrap();
    format!("{prefix}/{name}")
}

/// Waits until `look` finds something.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = std::time::Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
