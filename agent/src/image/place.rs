//! Where a part of a guest's disk is.

/// Seen from one layer of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In what this layer is based on.
    Below,
    Zero,
    /// In this layer, from there on.
    At(u64),
    /// In a cluster that is compressed, from `within` on once it is not.
    Compressed {
        offset: u64,
        bytes: u64,
        within: u64,
    },
}

impl Place {
    /// Whether `next`, which is `bytes` further on the disk, can be read together with this.
    pub(super) fn goes_on_with(self, next: Self, bytes: u64) -> bool {
        match (self, next) {
            (Self::Below, Self::Below) | (Self::Zero, Self::Zero) => true,
            (Self::At(first), Self::At(second)) => first + bytes == second,
            _ => false,
        }
    }
}
