//! Signatures of known faults and what was found of them, as operators see them.

use std::sync::Arc;

use domfleet_shared::Timestamp;
use domfleet_shared::id::BundleId;
use domfleet_shared::severity::Severity;
use domfleet_shared::signatures::{Catalogue, CatalogueError, Finding, Signature};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::people::Named;

/// A signature that is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SignatureView)]
pub struct LookedFor {
    /// What it is.
    #[serde(flatten)]
    pub signature: Signature,
    /// Who added it; nothing where it comes with Domfleet.
    pub own: Option<Own>,
    /// In how many bundles it was found, of those that one may see.
    pub bundles: u64,
    /// At how many appliances.
    pub appliances: u64,
}

/// Of a signature that somebody added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnSignature)]
pub struct Own {
    /// Its id here.
    pub id: Uuid,
    /// Whose it is: it is looked for in the bundles of that organisation and of those below.
    pub organisation: Named,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A hit of a signature in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FindingView)]
pub struct Found {
    /// Its id.
    pub id: Uuid,
    /// The appliance.
    pub appliance: Named,
    /// The bundle.
    pub bundle: BundleId,
    /// When it was found.
    pub found_at: Timestamp,
    /// What was found, and where.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What is looked for in the bundles of an organisation, and a name for it: whatever is looked for changes the name.
#[derive(Debug)]
pub struct Wanted {
    /// What is looked for.
    pub catalogue: Arc<Catalogue>,
    /// Its name.
    pub name: String,
    /// Those of `own` that are left out, because they do not go with the others, and why.
    pub left_out: Vec<(String, CatalogueError)>,
}

impl Wanted {
    /// Ours, and as many of `own` as go with them, in order.
    pub fn of(own: Vec<Signature>) -> Result<Self, CatalogueError> {
        let mut all = Catalogue::built_in().map_err(Clone::clone)?.signatures().to_vec();
        let mut left_out = Vec::new();
        for signature in own {
            let id = signature.id.clone();
            let twice = all.iter().any(|known| known.id == id);
            match Catalogue::of(vec![signature.clone()]) {
                Ok(_) if twice => left_out.push((id.clone(), CatalogueError::Duplicate(id))),
                Ok(_) => all.push(signature),
                Err(error) => left_out.push((id, error)),
            }
        }
        // Text alone: this cannot fail.
        let json = serde_json::to_vec(&all).unwrap_or_default();
        let name = format!("{FORMAT}-{}", &blake3::hash(&json).to_hex()[..16]);
        Ok(Self { catalogue: Arc::new(Catalogue::of(all)?), name, left_out })
    }
}

/// Raised when the same signatures find something else, because of how they are looked for.
const FORMAT: u32 = 1;

/// PostgreSQL keeps no zero bytes in a text, and what a reset left of a log ends in some.
pub fn without_zero_bytes(finding: Finding) -> Finding {
    let Ok(json) = serde_json::to_string(&finding) else { return finding };
    if !json.contains(r"\u0000") {
        return finding;
    }
    serde_json::from_str(&json.replace(r"\u0000", r"\ufffd")).unwrap_or(finding)
}

/// How grave a finding is, as a number to sort by.
pub fn rank(severity: Severity) -> i64 {
    match severity {
        Severity::Info => 0,
        Severity::Warn => 1,
        Severity::High => 2,
        Severity::Crit => 3,
        Severity::Fatal => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(id: &str, pattern: &str) -> Signature {
        Signature {
            id: id.into(),
            meaning: "The PBX stopped.".into(),
            severity: Severity::High,
            advice: String::new(),
            patterns: vec![pattern.into()],
            has_trace: false,
            variants: Vec::new(),
            except: Vec::new(),
            samples: Vec::new(),
            near_misses: Vec::new(),
            also: Vec::new(),
        }
    }

    #[test]
    fn whatever_is_looked_for_changes_the_name() {
        let name = |own| Wanted::of(own).unwrap().name;
        let (none, one) = (name(Vec::new()), name(vec![own("pbx", "asterisk exited")]));

        assert_eq!(none, name(Vec::new()));
        assert_ne!(none, one);
        assert_ne!(one, name(vec![own("pbx", "asterisk died")]));
    }

    #[test]
    fn what_cannot_be_looked_for_does_not_keep_the_others_from_it() {
        let signatures =
            vec![own("broken", "("), own("kernel_panic", "panic"), own("pbx", "asterisk exited")];

        let wanted = Wanted::of(signatures).unwrap();

        let left_out: Vec<&str> = wanted.left_out.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(left_out, ["broken", "kernel_panic"]);
        assert!(wanted.catalogue.get("pbx").is_some());
    }
}
