//! What the person on site is shown that is no part of the migration's own row.

use domfleet_shared::id::{ApplianceId, DriveId, MigrationId, OrganisationId};
use domfleet_shared::migration::preflight::Report;
use domfleet_shared::usb::UsbDrive;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::entity::{appliance, migration, operation, site, usb_drive};
use super::operations::from_json;
use crate::domain::migration::on_site::DriveLabel;

/// What an appliance is called, and where it stands.
#[derive(Clone, Debug)]
pub struct Place {
    pub appliance: String,
    pub site: Option<String>,
}

/// Of that appliance.
pub async fn place(db: &impl ConnectionTrait, id: ApplianceId) -> Result<Place, DbErr> {
    let found = appliance::Entity::find_by_id(id.0).one(db).await?;
    let found = found.ok_or_else(|| DbErr::RecordNotFound(id.to_string()))?;
    let site = match found.site_id {
        Some(site) => site::Entity::find_by_id(site).one(db).await?,
        None => None,
    };
    Ok(Place { appliance: found.name, site: site.map(|site| site.name) })
}

/// The preflight that a migration was started from. A server that was restored may not know it.
pub async fn preflight(
    db: &impl ConnectionTrait,
    id: MigrationId,
) -> Result<Option<Report>, DbErr> {
    let row = migration::Entity::find_by_id(id.0).one(db).await?;
    let Some(operation) = row.and_then(|row| row.preflight_id) else { return Ok(None) };
    let row = operation::Entity::find_by_id(operation).one(db).await?;
    row.and_then(|row| row.result).map(from_json).transpose()
}

/// What an appliance of the organisation told last of a drive that is plugged into it.
pub async fn drive(
    db: &impl ConnectionTrait,
    organisation: OrganisationId,
    drive: DriveId,
) -> Result<Option<DriveLabel>, DbErr> {
    let row = usb_drive::Entity::find()
        .filter(usb_drive::Column::OrganisationId.eq(organisation.0))
        .filter(usb_drive::Column::DriveId.eq(drive.0))
        .order_by_desc(usb_drive::Column::ToldAt)
        .one(db)
        .await?;
    let told: Option<UsbDrive> = row.map(|row| from_json(row.document)).transpose()?;
    Ok(told.as_ref().map(DriveLabel::from))
}
