//! Rows, as they are in the tables: raw columns. They do not leave `db`.

pub mod alarm;
pub mod appliance;
pub mod audit;
pub mod backup_schedule;
pub mod backup_schedule_run;
pub mod backup_set;
pub mod boot;
pub mod bulk;
pub mod bulk_item;
pub mod bundle;
pub mod credential;
pub mod event;
pub mod event_counter;
pub mod hardware_part;
pub mod inventory;
pub mod join_token;
pub mod operation;
pub mod operation_lock;
pub mod operation_report;
pub mod operator;
pub mod organisation;
pub mod server_state;
pub mod session;
pub mod site;
pub mod usb_drive;
