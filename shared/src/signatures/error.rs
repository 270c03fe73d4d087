//! What can be wrong with a catalogue.

/// Why a catalogue was refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CatalogueError {
    /// It is no TOML, or not of this shape. The text names line and column.
    #[error("{0}")]
    Toml(String),
    /// It is larger than anybody writes.
    #[error("it has {bytes} bytes, and {most} are the most")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
    /// There are more than anybody looks at.
    #[error("it has {many} signatures, and {most} are the most")]
    TooMany {
        /// How many there are.
        many: usize,
        /// How many there may be.
        most: usize,
    },
    /// An id is no id.
    #[error(
        "\"{0}\" is no id: it must be 1 to 60 characters of a-z, 0-9, - and _, such as \"raid_degraded\""
    )]
    Id(String),
    /// An id is there twice.
    #[error("there are two signatures \"{0}\": give one of them another id")]
    Duplicate(String),
    /// A signature looks for nothing.
    #[error("signature \"{0}\" has no pattern: give it `patterns = ['…']`")]
    NoPattern(String),
    /// A pattern cannot be compiled.
    #[error("signature \"{id}\": the pattern '{pattern}' cannot be used: {why}")]
    Pattern {
        /// The signature.
        id: String,
        /// The pattern.
        pattern: String,
        /// What the compiler says.
        why: String,
    },
    /// A pattern is found everywhere.
    #[error(
        "signature \"{id}\": the pattern '{pattern}' is found in {where_}: say more of what the line must hold"
    )]
    MatchesAnything {
        /// The signature.
        id: String,
        /// The pattern.
        pattern: String,
        /// In what.
        where_: &'static str,
    },
    /// A signature is not found in its own sample.
    #[error("signature \"{id}\" is not found in its own sample: {sample}")]
    SampleMissed {
        /// The signature.
        id: String,
        /// The sample.
        sample: String,
    },
    /// A signature is found in what it is not to be found in.
    #[error("signature \"{id}\" is found in what it calls a near miss: {sample}")]
    NearMissHit {
        /// The signature.
        id: String,
        /// The near miss.
        sample: String,
    },
    /// All patterns together are too much.
    #[error("all patterns together are too large: {0}")]
    Together(String),
}
