//! Whether a session may go on as it was begun.

use super::appliance::ApplianceState;

/// What a session was begun with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub epoch: u32,
    pub accepted: bool,
    pub read_only: bool,
}

/// What is on record of its appliance now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: ApplianceState,
    pub epoch: u32,
    pub read_only: bool,
    /// Whether there is a key of this epoch that is good.
    pub has_key: bool,
}

/// What becomes of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// It goes on.
    GoOn,
    /// Its agent is to come again: the next welcome says other things.
    Again,
    /// It ends: the appliance does not belong to the fleet.
    NotAdmitted,
    /// It ends: its key is no good any more.
    Revoked,
}

/// What becomes of a session that was begun with `terms`; nothing on record is no appliance.
pub fn course(terms: Terms, standing: Option<Standing>) -> Course {
    let Some(standing) = standing else { return Course::Revoked };
    let accepted = match standing.state {
        ApplianceState::Accepted => true,
        ApplianceState::Pending => false,
        ApplianceState::Rejected | ApplianceState::Decommissioned => return Course::NotAdmitted,
    };
    if standing.epoch != terms.epoch || !standing.has_key {
        Course::Revoked
    } else if accepted != terms.accepted || standing.read_only != terms.read_only {
        Course::Again
    } else {
        Course::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { epoch: 3, accepted: true, read_only: false };
    const STANDING: Standing =
        Standing { state: ApplianceState::Accepted, epoch: 3, read_only: false, has_key: true };

    #[test]
    fn a_session_goes_on_while_nothing_has_changed() {
        assert_eq!(course(TERMS, Some(STANDING)), Course::GoOn);
        let pending = Standing { state: ApplianceState::Pending, ..STANDING };
        assert_eq!(course(Terms { accepted: false, ..TERMS }, Some(pending)), Course::GoOn);
    }

    #[test]
    fn an_agent_comes_again_when_its_welcome_would_say_other_things() {
        let in_doubt = Standing { read_only: true, ..STANDING };

        assert_eq!(course(TERMS, Some(in_doubt)), Course::Again);
        assert_eq!(course(Terms { read_only: true, ..TERMS }, Some(STANDING)), Course::Again);
        assert_eq!(course(Terms { accepted: false, ..TERMS }, Some(STANDING)), Course::Again);
    }

    #[test]
    fn a_key_that_is_no_good_any_more_ends_its_session() {
        let revoked = Standing { has_key: false, ..STANDING };
        let joined_again = Standing { epoch: 4, ..STANDING };

        for standing in [Some(revoked), Some(joined_again), None] {
            assert_eq!(course(TERMS, standing), Course::Revoked);
        }
    }

    #[test]
    fn whoever_does_not_belong_to_the_fleet_is_not_admitted_whatever_key_it_has() {
        for state in [ApplianceState::Rejected, ApplianceState::Decommissioned] {
            let standing = Standing { state, ..STANDING };
            assert_eq!(course(TERMS, Some(standing)), Course::NotAdmitted);
        }
    }
}
