//! What happened: events, the audit trail, alarms, and the server's own state.

use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, json_binary, json_binary_null, text, text_null, uuid,
    uuid_null,
};

use super::{NewTable, word};

pub(super) fn tables() -> Vec<NewTable> {
    vec![event_counter(), event(), audit(), alarm(), server_state()]
}

/// One row, raised in the transaction that appends events: the order of `seq` is the order of
/// commits, on both databases.
fn event_counter() -> NewTable {
    NewTable::keyed("event_counter", &["id"]).columns([integer("id"), big_integer("seq")])
}

/// What changed, for whoever follows: a stream, a webhook, a replica.
fn event() -> NewTable {
    NewTable::keyed("event", &["seq"])
        .owned()
        .columns([big_integer("seq"), big_integer("at"), word("kind"), uuid("subject_id")])
        .columns([big_integer("subject_version"), uuid_null("appliance_id")])
        .columns([uuid_null("operation_id"), json_binary_null("document")])
        .index("operation", &["operation_id", "seq"])
        .index("appliance", &["appliance_id", "seq"])
        .index("age", &["at"])
}

/// Who changed what.
fn audit() -> NewTable {
    NewTable::new("audit")
        .owned()
        .columns([big_integer("at"), uuid_null("actor_id"), text("actor"), word("action")])
        .columns([word("target_kind"), text("target_id"), text_null("address")])
        .columns([text_null("request_id"), json_binary_null("before"), json_binary_null("after")])
        .index("age", &["organisation_id", "at"])
        .index("target", &["target_kind", "target_id"])
}

/// Something that a person must look at. One that is open is not raised again.
fn alarm() -> NewTable {
    NewTable::new("alarm")
        .owned()
        .columns([word("kind"), uuid_null("appliance_id"), text("subject"), text("message")])
        .columns([big_integer("raised_at"), big_integer_null("cleared_at")])
        .column(json_binary_null("document"))
        .index("open", &["cleared_at", "raised_at"])
        .index("subject", &["kind", "subject"])
}

/// What the server knows of itself, under fixed keys.
fn server_state() -> NewTable {
    NewTable::keyed("server_state", &["key"]).columns([text("key"), json_binary("value")])
}
