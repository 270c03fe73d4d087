//! Why an upload is not begun, or not gone on with.

use std::io;

use axum::http::StatusCode;

/// Why an upload is not begun, or not gone on with. Whatever it is, what was here stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The other side speaks another version of the protocol, or does not say which.
    #[error("this server speaks tus 1.0.0")]
    Version,
    /// A header is missing, or cannot be read.
    #[error("{0}")]
    Invalid(&'static str),
    #[error("a piece of an upload is of another media type")]
    MediaType,
    /// The largest that is taken, in bytes.
    #[error("it is larger than this server takes, which is {0} bytes")]
    TooLarge(u64),
    #[error("there is more than was announced")]
    TooMuch,
    /// Not there, or another's.
    #[error("there is no such upload")]
    Unknown,
    /// It was ended, or nobody went on with it in time.
    #[error("the upload is over, and what was here of it is gone")]
    Over,
    /// It was here, and its time is over, or an operator removed it.
    #[error("the bundle was here and has been removed")]
    Removed,
    /// All of it is here: it cannot be given up any more.
    #[error("all of it is here already")]
    Finished,
    /// Where what is here ends.
    #[error("the piece does not begin where what is here ends, at {0}")]
    Offset(u64),
    #[error("the checksum is of an algorithm that is not known here")]
    Algorithm,
    #[error("the piece is not what its checksum says")]
    Checksum,
    #[error("what came is not what was announced")]
    Hash,
    /// So many are on their way already.
    #[error("{0} uploads of this appliance are on their way already")]
    TooMany(u64),
    /// More than twice as many as are kept.
    #[error("{0} bundles of this appliance are here already")]
    Crowded(u64),
    #[error("too many are sending at this moment")]
    Busy,
    #[error("the server has no room for it")]
    DiskFull,
    /// A fault of ours; the other side is told nothing of it.
    #[error("the server could not do it")]
    Internal(#[source] anyhow::Error),
}

impl Refused {
    /// The status, and a word for programs, which never changes.
    pub fn code(&self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::Version => (S::PRECONDITION_FAILED, "tus_version"),
            Self::Invalid(_) => (S::UNPROCESSABLE_ENTITY, "invalid"),
            Self::MediaType => (S::UNSUPPORTED_MEDIA_TYPE, "media_type"),
            Self::TooLarge(_) | Self::TooMuch => (S::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Unknown => (S::NOT_FOUND, "not_found"),
            Self::Over => (S::GONE, "upload_over"),
            Self::Removed => (S::FORBIDDEN, "removed"),
            Self::Finished => (S::CONFLICT, "finished"),
            Self::Offset(_) => (S::CONFLICT, "offset"),
            Self::Algorithm => (S::BAD_REQUEST, "checksum_algorithm"),
            Self::Checksum => (checksum_mismatch(), "checksum_mismatch"),
            Self::Hash => (S::UNPROCESSABLE_ENTITY, "hash_mismatch"),
            Self::TooMany(_) | Self::Crowded(_) => (S::TOO_MANY_REQUESTS, "too_many"),
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy"),
            Self::DiskFull => (S::INSUFFICIENT_STORAGE, "disk_full"),
            Self::Internal(_) => (S::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// What whoever sends it can do about it.
    pub fn what_to_do(&self) -> &'static str {
        match self {
            Self::Version => "send the header Tus-Resumable: 1.0.0",
            Self::Invalid(_) => {
                "send the header as tus 1.0 says, and Upload-Metadata as docs/uploads.md says"
            }
            Self::MediaType => "send the header Content-Type: application/offset+octet-stream",
            Self::TooLarge(_) => "send less, or have bundles.max_bytes raised on the server",
            Self::TooMuch => "announce it again, with its length",
            Self::Unknown => "look at the id; it may be another's",
            Self::Over => "announce it again, and begin anew",
            Self::Removed => "do not send it again",
            Self::Finished => "an operator can remove it",
            Self::Offset(_) => "ask for the offset with HEAD, and go on from there",
            Self::Algorithm => "take one of those that OPTIONS names in Tus-Checksum-Algorithm",
            Self::Checksum => "send the piece again",
            Self::Hash => "send it again from the beginning",
            Self::TooMany(_) => "finish or end those first",
            Self::Crowded(_) => "wait until the oldest have gone, or have some removed",
            Self::Busy => "try again in a little while",
            Self::DiskFull => {
                "nothing is lost: keep it and try again later; an operator must make room on the server"
            }
            Self::Internal(_) => "try again later; the server's log says why",
        }
    }

    /// In how many seconds it may be otherwise.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Self::TooMany(_) => Some(60),
            Self::Crowded(_) | Self::DiskFull => Some(600),
            Self::Busy => Some(10),
            Self::Internal(_) => Some(30),
            _ => None,
        }
    }
}

/// tus has a status of its own for it.
fn checksum_mismatch() -> StatusCode {
    StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST)
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Internal(error.into()),
        }
    }
}

impl From<sea_orm::DbErr> for Refused {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Internal(error.into())
    }
}

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        let is_full = error.chain().any(|cause| {
            cause
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::StorageFull)
        });
        if is_full { Self::DiskFull } else { Self::Internal(error) }
    }
}
