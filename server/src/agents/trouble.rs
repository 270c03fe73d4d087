//! Why something was not done for an agent: it may not, or we could not.

use super::refusal::Refusal;

/// A refusal, or a fault of ours.
#[derive(Debug)]
pub(super) enum Trouble {
    Refused(Refusal),
    Fault(anyhow::Error),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl Trouble {
    /// What the agent is told. Of a fault only that there is one; the log is told the rest.
    pub(super) fn refusal(self, of: impl std::fmt::Display) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Fault(error) => {
                tracing::error!(%of, error = format!("{error:#}"), "an agent could not be served");
                Refusal::busy()
            }
        }
    }
}
