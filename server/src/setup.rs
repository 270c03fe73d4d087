//! The first start: the topmost organisation, and somebody who can log in.

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domfleet_shared::id::{OperatorId, OrganisationId};
use serde_json::json;

use crate::app::App;
use crate::auth::keys::write_private;
use crate::db::audit::{self, Actor, Change};
use crate::db::operators::{self, NewOperator};
use crate::db::organisations::{self, NewOrganisation};
use crate::domain::people::{OrganisationKind, Role, email, password_fits};

/// What the topmost organisation is called until somebody makes others below it.
const TOPMOST: &str = "Vendor";

/// Makes the topmost organisation and its first admin where there is none. The password is in
/// `first-admin.json` of the data directory, which only we can read.
pub async fn first_start(app: &App) -> anyhow::Result<()> {
    if !organisations::none(app.db.read()).await? {
        return Ok(());
    }
    let first = &app.config.first_admin;
    let address = email(&first.email).context("first_admin.email is no e-mail address")?;
    let password = first
        .password
        .clone()
        .unwrap_or_else(|| URL_SAFE_NO_PAD.encode(rand::random::<[u8; 18]>()));
    anyhow::ensure!(password_fits(&password), "first_admin.password must have 12 to 256 letters");
    let password_hash = app.auth.hasher.hash(password.clone()).await?;

    let now = app.clock.now();
    let organisation = NewOrganisation {
        id: OrganisationId::new(),
        parent: None,
        parent_path: "/".into(),
        kind: OrganisationKind::Vendor,
        name: TOPMOST.into(),
        now,
    };
    let operator = NewOperator {
        id: OperatorId::new(),
        organisation: organisation.id,
        email: address.clone(),
        name: "First admin".into(),
        role: Role::Admin,
        password_hash,
        now,
    };
    let txn = app.db.begin().await?;
    organisations::insert(&txn, &organisation).await?;
    operators::insert(&txn, &operator).await?;
    let change = Change {
        organisation: organisation.id,
        action: "operator.create",
        kind: "operator",
        id: operator.id.to_string(),
        before: None,
        after: Some(json!({ "email": address, "role": operator.role })),
    };
    audit::record(&txn, &Actor::local("first start"), change, now).await?;
    // Before the commit: a file without an operator is written anew by the next start, an operator
    // without a file is a locked door.
    let path = app.config.data_dir.join("first-admin.json");
    let content = serde_json::to_vec(&json!({ "email": address, "password": password }))?;
    write_private(&path, &content)?;
    txn.commit().await?;
    tracing::info!(
        email = address, file = %path.display(),
        "made the first admin; the password is in the file: log in, change it, remove the file"
    );
    Ok(())
}
