//! The API in OpenAPI's words, less what every route has in common: that is added here.

use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, HttpBuilder, SecurityScheme,
};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
    SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

use super::problem::ProblemView;

/// What the document says of itself.
pub(super) fn about() -> OpenApi {
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Domfleet")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Errors are application/problem+json with a code that never changes. Times \
                     are RFC 3339 in UTC, counts of bytes are numbers. What one may not see is \
                     not there (404).",
                ))
                .build(),
        )
        .components(Some(components()))
        .security(Some([
            SecurityRequirement::new::<_, _, String>("bearer", []),
            SecurityRequirement::new::<_, _, String>("access", []).add::<_, _, String>("csrf", []),
        ]))
        .build()
}

fn components() -> Components {
    let mut components = Components::new();
    let cookie = |name, description| {
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, description)))
    };
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(Http::builder().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme("access", cookie("domfleet_access", "Set by logging in."));
    components.add_security_scheme("refresh", cookie("domfleet_refresh", "Set by logging in."));
    components.add_security_scheme(
        "csrf",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
            "X-CSRF-Token",
            "With cookies, for everything but GET: the value of the cookie domfleet_csrf.",
        ))),
    );
    let link = "What comes after the # of a link for people on site.";
    components.add_security_scheme(
        "link",
        SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(link)).build(),
        ),
    );
    components.schemas.insert(ProblemView::name().into_owned(), ProblemView::schema());
    components
}

/// The document with the answer that every route can give.
pub(super) fn finished(mut document: OpenApi) -> OpenApi {
    let problem = ResponseBuilder::new()
        .description("It was not carried out.")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemView::name()))).build(),
        )
        .build();
    for item in document.paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            let answers = &mut operation.responses.responses;
            answers.insert("default".to_owned(), RefOr::T(problem.clone()));
        }
    }
    document
}
