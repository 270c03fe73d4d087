//! For which releases of the hypervisor mitigations are.
//!
//! The vendor's page: they are made by hand on 1.x until 1.03, which has them built in; 2.x needs none.

/// What is done on a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// They are applied where that is asked for.
    Offered,
    /// They are part of it: seen to, and not touched.
    BuiltIn,
    /// They are not for it.
    NotFor2x,
    /// Nobody knows which release it is.
    UnknownRelease,
}

impl Offer {
    /// By what the product file says.
    pub(super) fn of(release: Option<&str>) -> Self {
        match release.and_then(numbers) {
            None => Self::UnknownRelease,
            Some((2.., _)) => Self::NotFor2x,
            Some((1, 3..)) => Self::BuiltIn,
            Some(_) => Self::Offered,
        }
    }

    /// Why none is applied.
    pub(super) fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Offered => None,
            Self::BuiltIn => Some("it is built into this release, and is seen to only"),
            Self::NotFor2x => Some("it is for hypervisor 1.x"),
            Self::UnknownRelease => Some(
                "the hypervisor's release is not known: name the file that says it with release_file in \
                 agent.toml",
            ),
        }
    }
}

/// The first number of what the product file says.
pub(crate) fn major(release: &str) -> Option<u32> {
    numbers(release).map(|(major, _)| major)
}

/// The first two numbers: of `1.02`, `v1.3-rc1`, `2.XX`.
fn numbers(release: &str) -> Option<(u32, u32)> {
    let at = release.find(|letter: char| letter.is_ascii_digit())?;
    let mut parts = release.get(at..)?.splitn(2, '.');
    let number = |part: &str| {
        let digits = part.split(|letter: char| !letter.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    let major = number(parts.next()?)?;
    Some((major, parts.next().and_then(number).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_offered_before_1_03_built_in_from_there_and_not_for_2_x() {
        for (release, offer) in [
            ("0.9.7", Offer::Offered),
            ("1.0", Offer::Offered),
            ("1.02", Offer::Offered),
            ("Hypervisor 1.02\n", Offer::Offered),
            ("1.03", Offer::BuiltIn),
            ("1.10", Offer::BuiltIn),
            ("2.0rc4", Offer::NotFor2x),
            ("2.XX", Offer::NotFor2x),
            ("", Offer::UnknownRelease),
            ("unknown", Offer::UnknownRelease),
        ] {
            assert_eq!(Offer::of(Some(release)), offer, "{release}");
        }
        assert_eq!(Offer::of(None), Offer::UnknownRelease);
    }
}
