import type { ReactNode } from "react";

import { Button } from "../../ui/Button";
import { CheckField, FieldRow, NameField, SelectField } from "../../ui/Field";
import { formatBytes } from "../../ui/format";
import { pathError } from "./names";
import { draftDisk, freeVdev, usableVolumes, type DiskKind, type DraftDisk } from "./newDisk";
import { NewVolumeFields, type Putting, type Storage } from "./NewVolumeFields";
import styles from "./Parts.module.css";

interface NewDisksProps extends Storage {
  drafts: readonly DraftDisk[];
  /** Names in the guest that other disks have. */
  taken: readonly string[];
  onChange: (drafts: readonly DraftDisk[]) => void;
}

/** Disks that are to be attached. */
export function NewDisks({ drafts, taken, groups, volumes, onChange }: NewDisksProps) {
  const add = () => {
    const names = [...taken, ...drafts.map(({ vdev }) => vdev)];
    const key = Math.max(0, ...drafts.map((draft) => draft.key)) + 1;
    const kind = groups.length > 0 ? "new_volume" : "path";
    onChange([...drafts, draftDisk(key, freeVdev(names), kind, groups[0]?.name ?? "")]);
  };
  const put = (changed: DraftDisk) =>
    onChange(drafts.map((draft) => (draft.key === changed.key ? changed : draft)));
  return (
    <>
      {drafts.map((draft) => (
        <fieldset key={draft.key} className={styles.part}>
          <legend>Disk {draft.vdev}</legend>
          <FieldRow>
            <SelectField
              label="What it is"
              value={draft.kind}
              onChange={(event) => put({ ...draft, kind: event.target.value as DiskKind })}
            >
              {groups.length > 0 && <option value="new_volume">A new volume</option>}
              {volumes.length > 0 && <option value="volume">A volume that is there</option>}
              <option value="path">A file in dom0</option>
              <option value="cdrom">A CD drive</option>
            </SelectField>
            <NameField
              label="Name in the guest"
              value={draft.vdev}
              onChange={(event) => put({ ...draft, vdev: event.target.value.trim() })}
              error={
                taken.includes(draft.vdev) ||
                drafts.some(({ key, vdev }) => key !== draft.key && vdev === draft.vdev)
                  ? "Another disk has that name."
                  : null
              }
            />
          </FieldRow>
          <Source draft={draft} groups={groups} volumes={volumes} onChange={put} />
          {draft.kind !== "cdrom" && (
            <CheckField
              label="The guest may write to it"
              checked={draft.writable}
              onChange={(event) => put({ ...draft, writable: event.target.checked })}
            />
          )}
          <Button
            small
            aria-label={`Leave out disk ${draft.vdev}`}
            onClick={() => onChange(drafts.filter(({ key }) => key !== draft.key))}
          >
            Leave out
          </Button>
        </fieldset>
      ))}
      <Button small onClick={add} style={{ justifySelf: "start" }}>
        Add a disk
      </Button>
    </>
  );
}

interface SourceProps extends Storage {
  draft: DraftDisk;
  onChange: (draft: DraftDisk) => void;
}

function Source({ draft, groups, volumes, onChange }: SourceProps): ReactNode {
  const put = (change: Partial<DraftDisk>) => onChange({ ...draft, ...change });
  switch (draft.kind) {
    case "new_volume":
      return <NewVolumeFields draft={draft} groups={groups} volumes={volumes} put={put} />;
    case "volume":
      return (
        <SelectField
          label="Volume"
          value={draft.volume}
          onChange={(event) => put({ volume: event.target.value })}
        >
          <option value="">Choose one</option>
          {usableVolumes(volumes).map((volume) => (
            <option key={volume.lv_uuid} value={volume.lv_uuid}>
              {volume.volume_group}/{volume.name}, {formatBytes(volume.size_bytes)}
            </option>
          ))}
        </SelectField>
      );
    case "path":
      return (
        <FieldRow>
          <PathField label="File" draft={draft} put={put} hint="Such as /data/vms/pbx.qcow2." />
          <SelectField
            label="Format"
            value={draft.format}
            onChange={(event) => put({ format: event.target.value as DraftDisk["format"] })}
          >
            <option value="raw">raw</option>
            <option value="qcow2">qcow2</option>
            <option value="qcow">qcow</option>
            <option value="vhd">VHD</option>
          </SelectField>
        </FieldRow>
      );
    case "cdrom":
      return <PathField label="Disc" draft={draft} put={put} hint="An ISO file; empty for none." />;
  }
}

function PathField({ label, hint, draft, put }: Putting & { label: string; hint: string }) {
  return (
    <NameField
      label={label}
      hint={hint}
      value={draft.path}
      onChange={(event) => put({ path: event.target.value })}
      error={pathError(draft.path)}
    />
  );
}
