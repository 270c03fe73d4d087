//! A migration carried out from its beginning to its end, with everything that may happen in between.

mod cuts;
mod faults;
mod holding;
mod host;
mod play;
mod search;
mod second;
mod story;
mod system;
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use domfleet_shared::id::PermitId;
use domfleet_shared::migration::permit::{Proof, Release};
use domfleet_shared::migration::plan::Copies;
use domfleet_shared::migration::reset_block::{Marker, ResetBlock, Stage};
use domfleet_shared::migration::talk::{Ask, Waits, What};
use domfleet_shared::migration::{Event, Permit, Phase, Plan};
use uuid::Uuid;

use self::play::{Came, Play};
use self::world::{DRIVE, SECOND, World};
use super::permit::{key, sign, trusted};
use crate::backup::cipher::Keyring;
use crate::meter::Unwatched;
use crate::migration::carry::{Again, Home, Turn, Wanted, turn};
use crate::migration::{block, book};
