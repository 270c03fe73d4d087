//! Signing permits, and giving them away.

use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::MigrationId;
use domfleet_shared::migration::Permit;
use domfleet_shared::migration::permit::{Proof, SignedPermit};
use domfleet_shared::migration::talk::Ask;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{Failed, TRIES};
use crate::app::App;
use crate::db::audit::{self, Actor, Change};
use crate::db::{Stored, migrations, server_state, welcome};
use crate::domain::appliance::ApplianceState;
use crate::domain::migration::change::Refused;
use crate::domain::migration::permit::{self, Asker, Sign};
use crate::domain::migration::wanted::{Signed, SignedBack};
use crate::domain::migration::{Standing, Story};

/// The appliance, as far as what it asks for depends on it.
async fn asker(txn: &impl ConnectionTrait, standing: &Standing) -> Result<Asker, Failed> {
    let guest = welcome::guest(txn, standing.appliance).await?;
    let guest = guest.ok_or(Failed::NotFound("appliance"))?;
    Ok(Asker {
        epoch: guest.epoch,
        may_change: guest.state == ApplianceState::Accepted && guest.read_only.is_none(),
        fingerprint: guest.known.fingerprint,
        held: server_state::is_held(txn).await?,
    })
}

/// Answers what the agent asks for, as far as it may have it. Says whether something was signed; or why
/// nothing was.
pub(super) async fn answer(
    app: &App,
    txn: &impl ConnectionTrait,
    standing: &mut Standing,
    story: &Story,
    ask: &Ask,
) -> Result<Result<bool, permit::Why>, Failed> {
    let now = app.clock.now();
    let asker = asker(txn, standing).await?;
    let sign = match ask {
        Ask::Permit { nonce, rejoin_key } => {
            permit::there(standing, story, &asker, (*nonce, rejoin_key), now)
        }
        Ask::WayBack { after, disk } => {
            permit::back(standing, story, &asker, (*after, disk.clone()), now)
        }
    };
    match sign {
        Err(why) => Ok(Err(why)),
        Ok(Sign::Again) => Ok(Ok(false)),
        Ok(Sign::New(permit)) => {
            if let Ask::Permit { rejoin_key, .. } = ask {
                standing.wanted.rejoin_key = Some(rejoin_key.clone());
            }
            keep(app, txn, standing, &permit, &Actor::local("server")).await?;
            Ok(Ok(true))
        }
    }
}

/// Signs the way back from a system that never came up, on a person's word.
pub(super) async fn back_unseen(
    app: &App,
    txn: &impl ConnectionTrait,
    standing: &mut Standing,
    story: &Story,
) -> Result<(), Failed> {
    let asker = asker(txn, standing).await?;
    match permit::back_unseen(standing, story, &asker, app.clock.now()) {
        Ok(Sign::Again) => Ok(()),
        Ok(Sign::New(permit)) => keep(app, txn, standing, &permit, &Actor::local("server")).await,
        Err(why) => {
            let todo = "Look at the migration's journal, and ask again.";
            Err(Refused::now("no_permit", why, todo).into())
        }
    }
}

/// Signs it, and puts on record that it was.
async fn keep(
    app: &App,
    txn: &impl ConnectionTrait,
    standing: &mut Standing,
    permit: &Permit,
    actor: &Actor,
) -> Result<(), Failed> {
    let signed = app.permit_keys.sign(permit)?;
    let (id, issued_at, not_after) = (permit.id, permit.issued_at, permit.not_after);
    match permit.proof {
        Proof::Nonce { nonce } => {
            let nonce = Hash::of(&nonce.0);
            standing.wanted.permit = Some(Signed { id, nonce, issued_at, not_after, signed });
        }
        Proof::Marker { after } => {
            let back = SignedBack { id, after, issued_at, not_after, signed, is_withdrawn: false };
            standing.wanted.way_back = Some(back);
        }
    }
    standing.revision += 1;
    let change = Change {
        organisation: standing.organisation,
        action: "migration.permit",
        kind: "migration",
        id: standing.id.to_string(),
        before: None,
        // The nonce is no secret that would be kept here: whoever has the drive has the permit.
        after: Some(json!({
            "permit": id, "to": permit.to, "set": permit.set, "generation": permit.generation,
            "disk": permit.disk.wwid, "not_after": not_after,
        })),
    };
    Ok(audit::record(txn, actor, change, app.clock.now()).await?)
}

/// A permit as the file that belongs on the drive; nothing where there is none. Who takes one away is put on
/// record. One for the way back is signed anew where little is left of it.
pub async fn permit_file(
    app: &App,
    actor: &Actor,
    id: MigrationId,
    way_back: bool,
) -> Result<Option<SignedPermit>, Failed> {
    for _ in 0..TRIES {
        let now = app.clock.now();
        let txn = app.db.begin().await?;
        let standing = migrations::by_id(&txn, id).await?;
        let mut standing = standing.ok_or(Failed::NotFound("migration"))?;
        if way_back && standing.wanted.back().is_some() {
            let (_, story) = migrations::story(&txn, &standing).await?;
            if story.journey.adopted.is_none() {
                let before = standing.revision;
                back_unseen(app, &txn, &mut standing, &story).await?;
                if standing.revision > before
                    && migrations::store(&txn, &mut standing, &story).await? == Stored::Stale
                {
                    continue;
                }
            }
        }
        let Some((permit, signed)) = file(&standing, way_back) else { return Ok(None) };
        taken(&txn, actor, &standing, permit, now).await?;
        txn.commit().await?;
        return Ok(Some(signed));
    }
    Err(Failed::Stale)
}

fn file(
    standing: &Standing,
    way_back: bool,
) -> Option<(domfleet_shared::id::PermitId, SignedPermit)> {
    if way_back {
        return standing.wanted.back().map(|back| (back.id, back.signed.clone()));
    }
    standing.wanted.permit.as_ref().map(|permit| (permit.id, permit.signed.clone()))
}

async fn taken(
    txn: &impl ConnectionTrait,
    actor: &Actor,
    standing: &Standing,
    permit: domfleet_shared::id::PermitId,
    now: Timestamp,
) -> Result<(), Failed> {
    let change = Change {
        organisation: standing.organisation,
        action: "migration.permit_file",
        kind: "migration",
        id: standing.id.to_string(),
        before: None,
        after: Some(json!({ "permit": permit })),
    };
    Ok(audit::record(txn, actor, change, now).await?)
}
