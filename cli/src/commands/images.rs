//! `domfleet images …`.

use serde_json::{Value, json};

use crate::args::media::{ConvertTarget, Images, OneImage};
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const JUDGEMENT: [Column; 5] = [
    ("FORMAT", "/format"),
    ("BYTES", "/virtual_bytes"),
    ("VERDICT", "/verdict"),
    ("CONVERTIBLE", "/convertible"),
    ("REASONS", "/reasons"),
];

pub(super) async fn run(client: &mut Client, format: Format, command: Images) -> Result<(), Error> {
    match command {
        Images::Check(image) => ask(client, format, "image_check", image, json!({})).await,
        Images::Inspect(image) => {
            // It says more than fits a table.
            let format = super::json_or_table(format);
            ask(client, format, "image_inspect", image, json!({})).await
        }
        Images::Repair { image, to, salvage } => {
            let more = json!({ "to": to, "salvage": salvage });
            ask(client, format, "image_repair", image, more).await
        }
        Images::Convert { image, into, target } => {
            convert(client, format, image, &into, target).await
        }
    }
}

async fn ask(
    client: &mut Client,
    format: Format,
    kind: &str,
    image: OneImage,
    more: Value,
) -> Result<(), Error> {
    let id = super::appliances::id(client, &image.appliance).await?;
    let mut operation = more;
    operation["kind"] = kind.into();
    operation["image"] = place(client, &id, &image.image).await?;
    if let Some(known) = image.format {
        operation["format"] = known.into();
    }
    let body = json!({ "operation": operation });
    let result = super::operations::result(client, format, &id, &body, image.waiting).await?;
    result.map_or(Ok(()), |result| output::one(format, &JUDGEMENT, &result))
}

async fn convert(
    client: &mut Client,
    format: Format,
    image: OneImage,
    into: &str,
    target: ConvertTarget,
) -> Result<(), Error> {
    let id = super::appliances::id(client, &image.appliance).await?;
    let target_at = match (target.to, target.onto, target.volume) {
        (Some(path), ..) => json!({ "path": path }),
        (None, Some(volume), _) => {
            json!({ "volume": super::volumes::uuid(client, &id, &volume).await? })
        }
        (None, None, Some(volume)) => {
            let (group, name) = volume.split_once('/').ok_or_else(|| {
                Error::Usage(format!("--volume is GROUP/NAME, such as vg0/pbx, and not {volume}"))
            })?;
            json!({ "new_volume": { "volume_group": group, "name": name, "size_bytes": target.size } })
        }
        (None, None, None) => {
            return Err(Error::Usage("one of --to, --onto and --volume is needed".into()));
        }
    };
    let mut body = json!({ "operation": {
        "kind": "image_convert",
        "source": place(client, &id, &image.image).await?,
        "source_format": image.format,
        "target": target_at,
        "format": into,
    } });
    if let Some(confirm) = target.confirm {
        body["confirm"] = confirm.into();
    }
    let result = super::operations::result(client, format, &id, &body, image.waiting).await?;
    result.map_or(Ok(()), |result| output::one(format, &JUDGEMENT, &result))
}

/// A path as it is; anything else is a volume.
async fn place(client: &mut Client, appliance: &str, image: &str) -> Result<Value, Error> {
    if image.starts_with('/') {
        return Ok(json!({ "path": image }));
    }
    Ok(json!({ "volume": super::volumes::uuid(client, appliance, image).await? }))
}
