import { useState } from "react";

import type { ImageFormat, OperationRequest, Vm, Volume } from "../../api/types";
import { ChoiceField, NameField, SelectField } from "../../ui/Field";
import { formatBytes } from "../../ui/format";
import type { DiskImage } from "./images";
import { pathError } from "./names";
import { draftDisk, newDiskOf, type DraftDisk } from "./newDisk";
import { NewVolumeFields, type Storage } from "./NewVolumeFields";
import { OperationForm } from "./OperationForm";
import { userOf } from "./volumeReasons";

interface ConvertImageProps extends Storage {
  appliance: { id: string; name: string };
  image: DiskImage;
  vms: readonly Vm[];
  /** The size of the disk, where a check has told it. */
  virtualBytes: number | null;
  onClose: () => void;
}

type To = "path" | "new_volume" | "volume";
type Convert = Extract<OperationRequest, { kind: "image_convert" }>;

export default function ConvertImage(props: ConvertImageProps) {
  const { appliance, image, vms, virtualBytes, groups, volumes, onClose } = props;
  const [to, setTo] = useState<To>("path");
  const [path, setPath] = useState("");
  const [format, setFormat] = useState<ImageFormat>(image.format === "raw" ? "qcow2" : "raw");
  const [onto, setOnto] = useState("");
  const [made, setMade] = useState<DraftDisk>(() => ({
    ...draftDisk(1, "xvda", "new_volume", groups[0]?.name ?? ""),
    size: virtualBytes === null ? "" : exactSize(virtualBytes),
  }));
  const targets = volumes.filter((volume) => isTarget(volume, image, vms));
  const target = targets.find(({ lv_uuid }) => lv_uuid === onto);
  const operation = conversion(image, {
    path: to === "path" && path !== "" && !pathError(path) ? { path } : null,
    volume: to === "volume" && target ? { volume: target.lv_uuid } : null,
    made: to === "new_volume" ? newDiskOf(made) : null,
    format: to === "path" ? format : "raw",
  });
  return (
    <OperationForm
      title="Convert the image"
      action="Convert"
      appliance={appliance.id}
      subject={image.path}
      operation={operation}
      incomplete="Say where the result goes first"
      fields={["target", "format"]}
      phrase={to === "volume" && target ? target.name : null}
      wide
      onClose={onClose}
    >
      {(refused) => (
        <>
          <p>
            What is on <code>{image.path}</code> is copied, read back and compared: there is a whole
            result, or none. The image itself is not touched, and {image.vm.name} keeps it.
          </p>
          <ChoiceField<To>
            label="Where the result goes"
            value={to}
            choices={[
              ["path", "A new file"],
              ...(groups.length > 0 ? [["new_volume", "A new volume"] as const] : []),
              ...(targets.length > 0
                ? [["volume", "A volume that is there", "All that is on it is lost."] as const]
                : []),
            ]}
            onChange={setTo}
          />
          {to === "path" && (
            <>
              <NameField
                label="New file"
                hint="Nothing may be there."
                value={path}
                onChange={(event) => setPath(event.target.value)}
                error={pathError(path) ?? refused.target}
              />
              <SelectField
                label="Format"
                value={format}
                onChange={(event) => setFormat(event.target.value as ImageFormat)}
                error={refused.format}
              >
                <option value="raw">raw</option>
                <option value="qcow2">qcow2</option>
                <option value="qcow">qcow, which hypervisor 0.9.7 reads</option>
              </SelectField>
            </>
          )}
          {to === "new_volume" && (
            <NewVolumeFields
              draft={made}
              groups={groups}
              volumes={volumes}
              put={(change) => setMade({ ...made, ...change })}
            />
          )}
          {to === "volume" && (
            <SelectField
              label="Volume"
              value={onto}
              onChange={(event) => setOnto(event.target.value)}
              error={refused.target}
            >
              <option value="">Choose one</option>
              {targets.map((volume) => (
                <option key={volume.lv_uuid} value={volume.lv_uuid}>
                  {volume.volume_group}/{volume.name}, {formatBytes(volume.size_bytes)}
                </option>
              ))}
            </SelectField>
          )}
        </>
      )}
    </OperationForm>
  );
}

/** A volume of ours that no VM uses. */
function isTarget(volume: Volume, image: DiskImage, vms: readonly Vm[]): boolean {
  const isPart = volume.segment_type === "thin-pool" || volume.lv_uuid === image.volume?.lv_uuid;
  return volume.managed && !isPart && !userOf(volume, vms);
}

interface Wanted {
  readonly path: { path: string } | null;
  readonly volume: { volume: string } | null;
  readonly made: ReturnType<typeof newDiskOf>;
  readonly format: ImageFormat;
}

function conversion(image: DiskImage, { path, volume, made, format }: Wanted): Convert | null {
  const source = made && typeof made.source === "object" ? made.source : null;
  const target = path ?? volume ?? (source && "new_volume" in source ? source : null);
  if (!target) return null;
  const source_format = image.volume ? { source_format: "raw" as const } : {};
  return { kind: "image_convert", source: image.at, target, format, ...source_format };
}

/** A size as it is typed, to the byte. */
function exactSize(bytes: number): string {
  return bytes % 2 ** 30 === 0 ? `${bytes / 2 ** 30} GiB` : `${Math.ceil(bytes / 1024)} KiB`;
}
