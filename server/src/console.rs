//! What whoever has the server's console can do without a login.

use std::time::Duration;

use anyhow::{Context, bail};
use domfleet_shared::id::{OperatorId, OrganisationId};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::app::App;
use crate::db::audit::{self, Actor, Change};
use crate::db::join_tokens::NewJoinToken;
use crate::db::operators::{self, NewOperator, OperatorChange};
use crate::db::{OnConstraint, Stored, organisations, sessions};
use crate::domain::people::{Role, email, password_fits};
use crate::setup;

const CONSOLE: &str = "console";

/// A join token that is wanted.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub preauthorised: bool,
    pub uses: u32,
    pub life: Duration,
    /// By name or id; the topmost where it is not said.
    pub organisation: Option<String>,
    pub note: String,
}

/// Makes a join token and returns its text.
pub async fn create_token(app: &App, new: NewToken) -> anyhow::Result<String> {
    setup::first_start(app).await?;
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let new = NewJoinToken {
        organisation: organisation(&txn, new.organisation.as_deref()).await?,
        site: None,
        preauthorised: new.preauthorised,
        uses: new.uses,
        expires_at: now + new.life,
        note: new.note,
        created_by: None,
        now,
    };
    let (_, text) = app.new_join_token(&txn, &new, &Actor::local(CONSOLE)).await?;
    txn.commit().await?;
    Ok(text)
}

/// Makes an operator.
pub async fn create_operator(
    app: &App,
    address: &str,
    name: &str,
    role: Role,
    within: Option<&str>,
    password: String,
) -> anyhow::Result<()> {
    setup::first_start(app).await?;
    let address = email(address).with_context(|| format!("{address:?} is no e-mail address"))?;
    let password_hash = hashed(app, password).await?;
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let new = NewOperator {
        id: OperatorId::new(),
        organisation: organisation(&txn, within).await?,
        email: address,
        name: name.to_owned(),
        role,
        password_hash,
        now,
    };
    operators::insert(&txn, &new).await.on_constraint("operator_email_unique", || {
        anyhow::anyhow!("there is an operator {} already", new.email)
    })?;
    let change = Change {
        organisation: new.organisation,
        action: "operator.create",
        kind: "operator",
        id: new.id.to_string(),
        before: None,
        after: Some(json!({ "email": new.email, "name": name, "role": role })),
    };
    audit::record(&txn, &Actor::local(CONSOLE), change, now).await?;
    txn.commit().await?;
    Ok(())
}

/// Gives an operator a new password, and ends its logins.
pub async fn set_password(app: &App, address: &str, password: String) -> anyhow::Result<()> {
    let password_hash = hashed(app, password).await?;
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let found = match email(address) {
        Some(address) => operators::candidate(&txn, &address).await?,
        None => None,
    };
    let Some(found) = found else {
        bail!("there is no operator {address} who can log in");
    };
    let change = OperatorChange { password_hash: Some(password_hash), ..OperatorChange::default() };
    if operators::update(&txn, &found.operator, change, now).await? == Stored::Stale {
        bail!("the operator has just changed; try again");
    }
    sessions::revoke_all(&txn, found.operator.id, "a new password from the console", now).await?;
    let entry = Change {
        organisation: OrganisationId(found.operator.organisation.id),
        action: "operator.change",
        kind: "operator",
        id: found.operator.id.to_string(),
        before: None,
        after: Some(json!({ "new_password": true })),
    };
    audit::record(&txn, &Actor::local(CONSOLE), entry, now).await?;
    txn.commit().await?;
    Ok(())
}

async fn hashed(app: &App, password: String) -> anyhow::Result<String> {
    anyhow::ensure!(password_fits(&password), "a password must have 12 to 256 letters");
    Ok(app.auth.hasher.hash(password).await?)
}

async fn organisation(
    db: &impl ConnectionTrait,
    wanted: Option<&str>,
) -> anyhow::Result<OrganisationId> {
    let Some(wanted) = wanted else {
        return organisations::topmost(db).await?.context("there is no organisation yet");
    };
    let mut found = organisations::named(db, wanted).await?;
    match found.pop() {
        Some(one) if found.is_empty() => Ok(one),
        Some(_) => bail!("there are several organisations {wanted:?}; give the id"),
        None => bail!("there is no organisation {wanted:?}"),
    }
}
