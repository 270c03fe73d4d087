//! A database for one test.

use std::path::Path;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement};

/// Which kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// A database that is there for one test.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) url: String,
    /// Of the cluster, and our name in it.
    cluster: Option<(String, String)>,
}

const VARIABLE: &str = "DOMFLEET_TEST_POSTGRES";

impl Own {
    /// A new, empty one.
    ///
    /// One in `SQLite` is in `folder`.
    pub(super) async fn create(kind: Database, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        match kind {
            Database::Sqlite => {
                let url = format!("sqlite://{}", folder.join("domfleet.sqlite").display());
                Self { url, cluster: None }
            }
            Database::Postgres => {
                let cluster = std::env::var(VARIABLE).unwrap_or_else(|_| {
                    panic!("{VARIABLE} names no PostgreSQL cluster: run make test")
                });
                let name = format!("fleet_{}", uuid::Uuid::new_v4().simple());
                statement(&cluster, &format!("CREATE DATABASE {name}")).await;
                let (server, _) = cluster.rsplit_once('/').unwrap();
                Self { url: format!("{server}/{name}"), cluster: Some((cluster, name)) }
            }
        }
    }

    /// The number that a query yields.
    pub(super) async fn count(&self, sql: &str) -> i64 {
        let connection = connect(&self.url).await;
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection.query_one_raw(statement).await.unwrap().unwrap();
        let number = row.try_get_by_index(0).unwrap();
        connection.close().await.unwrap();
        number
    }

    pub(super) async fn drop(self) {
        if let Some((cluster, name)) = self.cluster {
            statement(&cluster, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn statement(cluster: &str, sql: &str) {
    let connection = connect(cluster).await;
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}
