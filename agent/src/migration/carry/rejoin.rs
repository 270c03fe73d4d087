//! The key by which the appliance is taken in again after the reset. It is made for this move, lies on the drive and
//! opens nothing else.

use domfleet_shared::migration::Plan;
use domfleet_shared::migration::talk::CarriedIdentity;
use rcgen::{KeyPair, PKCS_ED25519};

use super::error::TurnError;
use super::wanted::Home;
use crate::backup::medium::Medium;
use crate::migration::book;

/// Has it lie on the drive, durable, and gives its public half in hexadecimal digits. One that is there stays: the
/// server may know it already.
pub(super) fn ensure(drive: &impl Medium, plan: &Plan, home: &Home) -> Result<String, TurnError> {
    let there = book::identity(drive, plan.migration)?;
    let there_is = there.as_ref().filter(|there| there.appliance == plan.appliance);
    let kept = there_is.and_then(|there| KeyPair::from_pem(&there.key_pem).ok());
    let key = match kept {
        Some(key) => key,
        None => KeyPair::generate_for(&PKCS_ED25519).map_err(|error| {
            TurnError::io("making a key for the way to the server")(std::io::Error::other(error))
        })?,
    };
    let carried = CarriedIdentity {
        appliance: plan.appliance,
        server: home.server.clone(),
        trust_bundle_pem: home.trust_bundle_pem.clone(),
        key_pem: key.serialize_pem(),
        server_time: home.server_time,
    };
    // The server's time alone is nothing to write to a drive for.
    let is_there = there.is_some_and(|there| {
        CarriedIdentity { server_time: carried.server_time, ..there } == carried
    });
    if !is_there {
        book::store_identity(drive, plan.migration, &carried)?;
    }
    Ok(hex::encode(key.public_key_raw()))
}
