//! Appliances, and what is known of them.

use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean_null, integer, integer_null, json_binary,
    json_binary_null, text, text_null, uuid, uuid_null,
};

use super::{NewTable, made_and_version, word};

pub(super) fn tables() -> Vec<NewTable> {
    vec![appliance(), credential(), inventory(), boot()]
}

/// One box. What tables are filtered and sorted by has a column of its own; the rest is in
/// `inventory`.
fn appliance() -> NewTable {
    NewTable::new("appliance")
        .owned()
        .columns([uuid_null("site_id"), text("name"), text("hostname"), word("state")])
        .columns([json_binary("fingerprint"), integer("epoch")])
        // The session: the number that the last welcome gave, and whom it gave it to.
        .columns([big_integer("session"), uuid_null("instance"), big_integer("incarnation")])
        .columns([word("presence"), big_integer("presence_since")])
        .columns([big_integer_null("last_seen_at"), big_integer_null("expected_until")])
        .columns([uuid_null("boot_id"), big_integer_null("booted_at")])
        .columns([text_null("hypervisor"), text_null("dom0_kernel"), text_null("xen")])
        .columns([text_null("qemu_installed"), text_null("alpine"), text_null("agent")])
        .columns([text_null("io_scheduler"), boolean_null("swap"), integer_null("overcommit")])
        .columns([integer("vms_running"), integer("vms_total"), text_null("read_only")])
        .columns([big_integer_null("accepted_at"), uuid_null("join_token_id")])
        .columns(made_and_version())
        .refers("site_id", "site")
        .refers("join_token_id", "join_token")
        .index("name", &["name", "id"])
        .index("organisation", &["organisation_id", "name"])
        .index("site", &["site_id"])
        .index("presence", &["presence", "last_seen_at"])
        .index("last_seen", &["last_seen_at"])
        .index("hypervisor", &["hypervisor"])
}

/// A key that the CA has certified for an appliance, and its newest certificate.
fn credential() -> NewTable {
    NewTable::new("credential")
        .owned()
        .columns([uuid("appliance_id"), integer("epoch"), text("spki_sha256"), word("status")])
        .columns([text("serial"), text("certificate_pem")])
        .columns([big_integer("not_before"), big_integer("not_after"), uuid_null("join_token_id")])
        .columns([big_integer("created_at"), big_integer_null("revoked_at")])
        .refers("appliance_id", "appliance")
        .refers("join_token_id", "join_token")
        .unique("key_unique", &["spki_sha256"])
        .index("appliance", &["appliance_id", "created_at"])
}

/// The newest content of each section of the inventory.
fn inventory() -> NewTable {
    NewTable::keyed("inventory", &["appliance_id", "section"])
        .owned()
        .columns([uuid("appliance_id"), word("section"), text("digest")])
        .columns([json_binary("document"), big_integer("at")])
        .part_of("appliance_id", "appliance")
}

/// Runs of dom0, through all epochs.
fn boot() -> NewTable {
    NewTable::keyed("boot", &["appliance_id", "boot_id"])
        .owned()
        .columns([uuid("appliance_id"), uuid("boot_id"), integer("epoch")])
        .columns([big_integer("started_at"), big_integer_null("ended_at")])
        .columns([text_null("ending"), text_null("confidence"), json_binary("evidence")])
        .columns([json_binary_null("components"), big_integer("received_at")])
        .part_of("appliance_id", "appliance")
        .index("started", &["appliance_id", "started_at"])
}
