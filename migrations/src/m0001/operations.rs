//! What is asked of appliances, and the bundles that come of it.

use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, json_binary, json_binary_null, text,
    text_null, uuid, uuid_null,
};

use super::{NewTable, made_and_version, word};

pub(super) fn tables() -> Vec<NewTable> {
    vec![operation(), operation_report(), operation_lock(), bundle()]
}

/// One thing asked of one appliance in one epoch. `state` moves only by a write that names the
/// `version` that was read.
fn operation() -> NewTable {
    NewTable::new("operation")
        .owned()
        .columns([uuid("appliance_id"), integer("epoch"), word("kind"), word("class")])
        .columns([json_binary("document"), word("state"), uuid_null("requested_by")])
        .columns([big_integer_null("offered_at"), big_integer_null("accepted_at")])
        .columns([big_integer_null("started_at"), big_integer_null("ended_at")])
        .columns([big_integer("expires_at"), big_integer_null("deadline_at")])
        .columns([big_integer("last_report"), json_binary_null("progress")])
        .columns([json_binary_null("reason"), json_binary_null("result"), uuid_null("bundle_id")])
        .columns(made_and_version())
        .refers("appliance_id", "appliance")
        .refers("requested_by", "operator")
        .index("appliance", &["appliance_id", "state"])
        .index("state", &["state", "deadline_at"])
        .index("age", &["organisation_id", "created_at"])
}

/// What the agent said of an operation, each word of it that meant anything. A word that came too
/// late to change the operation is kept, with `applied` false.
fn operation_report() -> NewTable {
    NewTable::keyed("operation_report", &["operation_id", "report"])
        .owned()
        .columns([uuid("operation_id"), big_integer("report"), word("state")])
        .columns([big_integer("at"), big_integer("received_at"), boolean("applied")])
        .columns([json_binary_null("reason"), json_binary_null("result")])
        .part_of("operation_id", "operation")
}

/// Who holds what on an appliance. The key decides a race.
fn operation_lock() -> NewTable {
    NewTable::keyed("operation_lock", &["appliance_id", "name"])
        .owned()
        .columns([uuid("appliance_id"), text("name"), uuid("operation_id")])
        .part_of("appliance_id", "appliance")
        .part_of("operation_id", "operation")
        .index("operation", &["operation_id"])
}

/// A debug bundle; its bytes are an object in the object store.
fn bundle() -> NewTable {
    NewTable::new("bundle")
        .owned()
        .columns([uuid("appliance_id"), uuid_null("operation_id"), word("trigger")])
        .columns([word("state"), text("note"), big_integer_null("size_bytes")])
        .columns([big_integer("received_bytes"), text_null("blake3"), text_null("object")])
        .columns([big_integer_null("completed_at"), big_integer("keep_until"), boolean("held")])
        .columns([json_binary_null("manifest"), json_binary_null("upload")])
        .columns(made_and_version())
        .refers("appliance_id", "appliance")
        .refers("operation_id", "operation")
        .index("appliance", &["appliance_id", "created_at"])
        .index("expiry", &["keep_until"])
        .index("age", &["organisation_id", "created_at"])
}
