//! Organisations, sites, and the people who log in.

use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, text, text_null, uuid, uuid_null,
};

use super::{NewTable, made_and_version, word};

pub(super) fn tables() -> Vec<NewTable> {
    vec![organisation(), site(), operator(), session(), join_token()]
}

/// Vendor, reseller or customer. `path` is `/<id>/<id>/`, its own id last: those below begin
/// with it.
fn organisation() -> NewTable {
    NewTable::new("organisation")
        .columns([uuid_null("parent_id"), word("kind"), text("name"), text("path")])
        .columns(made_and_version())
        .refers("parent_id", "organisation")
        .unique("path_unique", &["path"])
        .unique("name_unique", &["parent_id", "name"])
}

fn site() -> NewTable {
    NewTable::new("site")
        .owned()
        .columns([text("name"), text("address"), text("time_zone"), text("contact")])
        .columns(made_and_version())
        .unique("name_unique", &["organisation_id", "name"])
}

fn operator() -> NewTable {
    NewTable::new("operator")
        .owned()
        .columns([text("email"), text("name"), word("role"), text("password_hash")])
        .columns([big_integer_null("disabled_at"), big_integer_null("last_login_at")])
        .columns(made_and_version())
        .unique("email_unique", &["email"])
        .index("organisation", &["organisation_id"])
}

/// A login: the refresh tokens that descend from it are told apart by `counter`. The secret half
/// of a token is nowhere in the database.
fn session() -> NewTable {
    NewTable::new("session")
        .owned()
        .columns([uuid("operator_id"), big_integer("counter"), big_integer("rotated_at")])
        .columns([big_integer("created_at"), big_integer("expires_at")])
        .columns([big_integer_null("revoked_at"), text_null("revoked_because")])
        .part_of("operator_id", "operator")
        .index("operator", &["operator_id"])
        .index("expiry", &["expires_at"])
}

/// What new appliances join with. Of the secret only a hash is kept.
fn join_token() -> NewTable {
    NewTable::new("join_token")
        .owned()
        .columns([uuid_null("site_id"), text("secret_hash"), boolean("preauthorised")])
        .columns([integer("uses"), integer("used"), big_integer("expires_at"), text("note")])
        .columns([uuid_null("created_by"), big_integer("created_at")])
        .column(big_integer_null("revoked_at"))
        .refers("site_id", "site")
        .unique("secret_unique", &["secret_hash"])
        .index("organisation", &["organisation_id"])
}
