//! What the vendor says of a version of a component.

use domfleet_shared::Timestamp;
use domfleet_shared::component::{Component, Makeup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::people::words;

/// Whether a version may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseState {
    /// Not for production.
    Beta,
    /// For production.
    Stable,
    /// Taken back: nothing should run it.
    Withdrawn,
}

words! {
    ReleaseState { Beta = "beta", Stable = "stable", Withdrawn = "withdrawn" }
}

/// A version of a component, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReleaseView)]
pub struct Release {
    /// Its id.
    pub id: Uuid,
    /// Of what it is a version.
    pub component: Component,
    /// The version, as appliances report it.
    pub version: String,
    /// Whether it may be used.
    pub state: ReleaseState,
    /// What people should know, such as what is new in it.
    pub note: String,
    /// Its known problems, a sentence each.
    pub problems: Vec<String>,
    /// When something was last said of it.
    pub updated_at: Timestamp,
    /// Rises with each change.
    pub revision: u64,
}

/// What is said of a version.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReleaseWords)]
pub struct Said {
    /// Of what it is a version.
    pub component: Component,
    /// The version, as appliances report it.
    pub version: String,
    /// Whether it may be used.
    pub state: ReleaseState,
    /// What people should know.
    #[serde(default)]
    pub note: String,
    /// Its known problems, a sentence each.
    #[serde(default)]
    pub problems: Vec<String>,
}

/// Longest text of any kind, in bytes.
const LONGEST: usize = 2000;
/// More problems than anybody reads.
const MOST_PROBLEMS: usize = 50;

impl Said {
    /// The field that cannot be used, and why.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if self.component == Component::Unknown {
            return Err(("component", "hypervisor, dom0_kernel, xen, qemu_installed, …"));
        }
        if self.version.trim().is_empty() || self.version.len() > LONGEST {
            return Err(("version", "as appliances report it, such as 1.02"));
        }
        if self.note.len() > LONGEST {
            return Err(("note", "at most 2000 bytes"));
        }
        let is_too_much = |problem: &String| problem.trim().is_empty() || problem.len() > LONGEST;
        if self.problems.len() > MOST_PROBLEMS || self.problems.iter().any(is_too_much) {
            return Err(("problems", "at most 50, each a sentence of at most 2000 bytes"));
        }
        Ok(())
    }
}

impl Release {
    /// Whether an appliance that is made so runs it.
    pub fn is_in(&self, makeup: &Makeup) -> bool {
        makeup.values(self.component).any(|value| value == self.version)
    }

    /// What a person should know who looks at an appliance that runs it; nothing of a stable version without
    /// known problems.
    pub fn warning(&self) -> Option<String> {
        let what = format!("{} {}", spoken(self.component), self.version);
        let state = match self.state {
            ReleaseState::Beta => format!("It runs {what}, which is beta: not for production."),
            ReleaseState::Withdrawn => format!("It runs {what}, which was withdrawn."),
            ReleaseState::Stable if self.problems.is_empty() => return None,
            ReleaseState::Stable => format!("It runs {what}, which has known problems."),
        };
        Some(
            std::iter::once(state)
                .chain(self.problems.iter().cloned())
                .collect::<Vec<_>>()
                .join(" "),
        )
    }
}

/// A component's name within a sentence.
fn spoken(component: Component) -> &'static str {
    match component {
        Component::Hypervisor => "the hypervisor",
        Component::Dom0Kernel => "the dom0 kernel",
        Component::Xen => "Xen",
        Component::QemuInstalled | Component::QemuRunning => "QEMU",
        Component::Alpine => "Alpine",
        Component::DiskFormat => "the disk format",
        Component::IoScheduler => "the I/O scheduler",
        Component::Swap => "swap",
        Component::Overcommit => "overcommit",
        Component::Agent => "the agent",
        Component::Unknown => "a component",
    }
}

#[cfg(test)]
mod tests {
    use domfleet_shared::inventory::Components;

    use super::*;

    fn release(component: Component, version: &str, state: ReleaseState) -> Release {
        Release {
            id: Uuid::nil(),
            component,
            version: version.into(),
            state,
            note: String::new(),
            problems: Vec::new(),
            updated_at: Timestamp::from_millis(0),
            revision: 1,
        }
    }

    #[test]
    fn a_beta_is_warned_of_and_a_stable_version_only_where_something_is_known() {
        let beta = release(Component::Hypervisor, "1.01", ReleaseState::Beta);
        let stable = release(Component::Hypervisor, "2.0", ReleaseState::Stable);
        let problems = vec!["It freezes under I/O load.".to_owned()];

        let warning = beta.warning().unwrap();
        assert!(warning.contains("hypervisor 1.01") && warning.contains("not for production"));
        assert_eq!(stable.warning(), None);
        let warning = Release { problems, ..stable }.warning().unwrap();
        assert!(warning.ends_with("It freezes under I/O load."), "{warning}");
    }

    #[test]
    fn only_an_appliance_that_runs_that_very_version_is_warned() {
        let components = Components { xen: Some("4.17.1".into()), ..Components::default() };
        let makeup = Makeup::of(&components, &[]);

        assert!(release(Component::Xen, "4.17.1", ReleaseState::Beta).is_in(&makeup));
        assert!(!release(Component::Xen, "4.17", ReleaseState::Beta).is_in(&makeup));
        assert!(!release(Component::Alpine, "4.17.1", ReleaseState::Beta).is_in(&makeup));
    }

    #[test]
    fn what_is_said_must_name_a_version() {
        let said = Said {
            component: Component::Xen,
            version: " ".into(),
            state: ReleaseState::Stable,
            note: String::new(),
            problems: Vec::new(),
        };

        assert_eq!(said.check().unwrap_err().0, "version");
        let unknown = Said { component: Component::Unknown, version: "1".into(), ..said };
        assert_eq!(unknown.check().unwrap_err().0, "component");
    }
}
