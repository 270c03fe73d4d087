//! Bodies, queries and ids of requests; what does not fit is a problem, as any other error is.

use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// A body of JSON.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let whole = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(whole, state)
            .await
            .map_err(|_| ApiError::Malformed("the body is too long, or broke off".into()))?;
        if bytes.windows(ZERO_BYTE.len()).any(|text| text == ZERO_BYTE) {
            return Err(zero_byte());
        }
        let request = Request::from_parts(parts, bytes.into());
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(ApiError::Malformed(body_error(&rejection))),
        }
    }
}

/// PostgreSQL keeps no zero bytes in a text: they are refused before they come to a database.
const ZERO_BYTE: &[u8] = br"\u0000";

fn zero_byte() -> ApiError {
    ApiError::Malformed("a text may not hold a zero byte".into())
}

fn body_error(rejection: &JsonRejection) -> String {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => {
            "the Content-Type must be application/json".into()
        }
        // "Failed to deserialize the JSON body into the target type: …": the last part says where.
        other => other
            .body_text()
            .rsplit_once("target type: ")
            .map_or_else(|| "the body is not JSON".into(), |(_, why)| why.to_owned()),
    }
}

/// The query of a URL.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(zero_byte());
        }
        Query::try_from_uri(&parts.uri)
            .map(|Query(params)| Self(params))
            .map_err(|rejection| ApiError::Malformed(rejection.body_text()))
    }
}

/// The ids in a path. What is no id is not there.
#[derive(Debug)]
pub struct Id<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Path::<T>::from_request_parts(parts, state)
            .await
            .map(|Path(id)| Self(id))
            .map_err(|_| ApiError::NotFound("object"))
    }
}

/// Tells `null` from a field that is not there: `#[serde(default, with = "said")]`.
pub mod said {
    use serde::{Deserialize, Deserializer};

    /// Some, whatever it says.
    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}
