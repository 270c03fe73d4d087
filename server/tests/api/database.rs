//! A database of its own for each test, on both kinds.
//!
//! PostgreSQL is a server that `make test` starts, named by `DOMFLEET_TEST_POSTGRES`; the schema
//! is made once in a template, of which each test gets a copy.

use std::time::UNIX_EPOCH;

use domfleet_server::db::Db;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use tempfile::TempDir;
use uuid::Uuid;

/// A database for one test, and a folder for everything else of a server.
pub(crate) struct TestDatabase {
    pub url: String,
    pub dir: TempDir,
    postgres: Option<(String, String)>,
}

impl TestDatabase {
    pub(crate) fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("test.sqlite").display());
        Self { url, dir, postgres: None }
    }

    pub(crate) async fn postgres() -> Self {
        let server = std::env::var("DOMFLEET_TEST_POSTGRES").unwrap_or_else(|_| {
            panic!(
                "this test needs a PostgreSQL server: run make test, or name one where databases \
                 may be made in DOMFLEET_TEST_POSTGRES"
            )
        });
        let admin = Database::connect(&server).await.unwrap();
        let template = template(&admin, &server).await;
        let name = format!("test_{}", Uuid::new_v4().simple());
        execute(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        admin.close().await.unwrap();
        Self {
            url: with_database(&server, &name),
            dir: tempfile::tempdir().unwrap(),
            postgres: Some((server, name)),
        }
    }
}

impl Drop for TestDatabase {
    /// Whole runs would otherwise fill a disk.
    fn drop(&mut self) {
        let Some((server, name)) = self.postgres.take() else { return };
        let removing = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let admin = Database::connect(&server).await.unwrap();
                execute(&admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            });
        });
        removing.join().unwrap();
    }
}

/// The template for this build of the tests, made by whichever test comes first.
async fn template(admin: &DatabaseConnection, server: &str) -> String {
    let built = std::env::current_exe().unwrap().metadata().unwrap().modified().unwrap();
    let built = built.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let name = format!("template_{built}");
    // Locks of sessions need one connection for all three steps: each test is a process, and the
    // pool of this one has had no reason to open a second.
    execute(admin, "SELECT pg_advisory_lock(1145130318)").await;
    let found = admin
        .query_one_raw(statement(&format!("SELECT 1 FROM pg_database WHERE datname = '{name}'")))
        .await
        .unwrap();
    if found.is_none() {
        let making = format!("{name}_making");
        execute(admin, &format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)")).await;
        execute(admin, &format!("CREATE DATABASE {making}")).await;
        let db = Db::connect(&with_database(server, &making)).await.unwrap();
        db.migrate().await.unwrap();
        db.close().await.unwrap();
        execute(admin, &format!("ALTER DATABASE {making} RENAME TO {name}")).await;
    }
    execute(admin, "SELECT pg_advisory_unlock(1145130318)").await;
    name
}

async fn execute(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn statement(sql: &str) -> sea_orm::Statement {
    sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql.to_owned())
}

fn with_database(server: &str, name: &str) -> String {
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// Makes of each function two tests: one on SQLite, one on PostgreSQL.
macro_rules! on_both {
    ($($name:ident)+) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::database::TestDatabase::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::database::TestDatabase::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both;
