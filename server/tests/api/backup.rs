//! A server from its backup.

use domfleet_server::app::App;
use domfleet_server::db::{Db, server_state};
use domfleet_server::tasks::Task as _;
use domfleet_server::tasks::hold::{Hold, Waits};
use domfleet_server::{backup, restore};
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use crate::client::{ADMIN, Api, PASSWORD, config};
use crate::database::TestDatabase;
use crate::{fleet, links};

#[tokio::test]
async fn a_backup_of_either_database_comes_back_in_either() {
    let sources = [TestDatabase::sqlite(), TestDatabase::postgres().await];
    for (n, source) in sources.into_iter().enumerate() {
        let api = Api::start(source).await;
        let admin = api.admin().await;
        let me = admin.get("/api/v1/me").await.ok();
        let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
        let appliance = fleet::appliance(&api, &organisation, "box").await;
        let path = format!("/api/v1/appliances/{}", appliance.id);
        let asked = json!({ "operation": { "kind": "vm_start", "vm": appliance.vm } });
        admin.post(&format!("{path}/operations"), &asked).await.ok();
        let link = links::made(&api, &organisation, appliance.id).await;
        let file = api.database.dir.path().join("backup.tar.zst");
        let before = admin.get(&path).await.ok();

        backup::write(&api.app, &file).await.unwrap();
        assert!(backup::write(&api.app, &file).await.is_err(), "it is not written over");

        let targets = [TestDatabase::sqlite(), TestDatabase::postgres().await];
        for (m, target) in targets.into_iter().enumerate() {
            let data_dir = target.dir.path().join("new");
            let new = config(&data_dir, &target.url);
            let made = restore::read(new.clone(), &file).await.unwrap();
            assert_eq!(made.incarnation, 2, "{n} {m}");
            assert!(restore::read(new.clone(), &file).await.is_err(), "never over anything");

            let app = App::open(new).await.unwrap();
            assert_eq!(
                app.pki.ca_sha256(app.clock.now()).unwrap(),
                api.app.pki.ca_sha256(app.clock.now()).unwrap()
            );
            let restored = Api::of(app, target);
            let again = restored.admin().await;
            assert_eq!(again.get(&path).await.ok(), before);
            assert_eq!(again.get("/api/v1/operations").await.ok()["total"], 1);
            // It may have been taken back since.
            assert_eq!(links::open(&restored, &link).await.code(), "no_link");
            let server = again.get("/api/v1/server").await.ok();
            assert_eq!((&server["held"], &server["incarnation"]), (&json!(true), &json!(2)));
            let refused = again.post(&format!("{path}/bundles"), &json!({})).await;
            assert_eq!(refused.code(), "held");
        }
        // Whoever was logged in at the old server still is there, and nowhere else.
        admin.get("/api/v1/me").await.ok();
        links::open(&api, &link).await.ok();
    }
}

#[tokio::test]
async fn a_damaged_or_foreign_file_is_refused_and_nothing_is_left() {
    let api = Api::start(TestDatabase::sqlite()).await;
    let file = api.database.dir.path().join("backup.tar.zst");
    backup::write(&api.app, &file).await.unwrap();
    let whole = std::fs::read(&file).unwrap();

    for cut in [0, 10, whole.len() / 2, whole.len() - 20] {
        let target = TestDatabase::sqlite();
        let damaged = target.dir.path().join("damaged");
        std::fs::write(&damaged, &whole[..cut]).unwrap();
        let data_dir = target.dir.path().join("new");

        let refused = restore::read(config(&data_dir, &target.url), &damaged).await;

        assert!(refused.is_err(), "{cut}");
        assert!(!data_dir.join("pki").exists());
        // What could be read before it was found out is not kept.
        restore::read(config(&data_dir, &target.url), &file).await.unwrap();
    }
}

#[tokio::test]
async fn the_hold_ends_by_itself_once_all_have_reported() {
    let api = Api::start(TestDatabase::sqlite()).await;
    let me = api.admin().await.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap();
    let appliance = fleet::appliance(&api, organisation, "box").await;
    let hold = server_state::Hold { since: api.app.clock.now() };
    server_state::set_incarnation(api.app.db.write(), 2).await.unwrap();
    server_state::set_hold(api.app.db.write(), &hold).await.unwrap();
    let mut task = Hold(api.app.clone());

    let waits = task.run().await.unwrap();
    domfleet_server::db::welcome::reconciled(
        api.app.db.write(),
        domfleet_shared::id::ApplianceId(appliance.id),
        2,
    )
    .await
    .unwrap();
    let done = task.run().await.unwrap();

    assert_eq!((waits, done), (Waits::For { reconciled: 0, all: 1 }, Waits::No));
    assert!(!server_state::is_held(api.app.db.read()).await.unwrap());
}

#[tokio::test]
async fn a_schema_is_made_once() {
    for database in [TestDatabase::sqlite(), TestDatabase::postgres().await] {
        let db = Db::connect(&database.url).await.unwrap();
        db.migrate().await.unwrap();
        db.migrate().await.unwrap();

        let newest = db.read().query_one_raw(sea_orm::Statement::from_string(
            db.backend(),
            "SELECT max(version) AS newest FROM schema_history",
        ));
        let newest: String = newest.await.unwrap().unwrap().try_get("", "newest").unwrap();
        assert_eq!(newest, backup::schema());
        db.close().await.unwrap();
    }
}

#[tokio::test]
async fn the_first_admin_is_made_once_and_its_password_is_for_us_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let api = Api::start(TestDatabase::sqlite()).await;
    let path = api.app.config.data_dir.join("first-admin.json");

    domfleet_server::setup::first_start(&api.app).await.unwrap();

    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(written, json!({ "email": ADMIN, "password": PASSWORD }));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for key in ["access.pem", "session.key"] {
        let path = api.app.config.keys_dir().join(key);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{key}");
    }
}
