//! The time of day, passed in, because an appliance's clock may be wrong by years.

use std::fmt;
use std::sync::Arc;

use domfleet_shared::Timestamp;

/// Whatever tells the time of day. Intervals are never measured with it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's own.
    pub fn of_the_machine() -> Self {
        Self::new(Timestamp::now)
    }

    /// One that says what `now` says.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}
