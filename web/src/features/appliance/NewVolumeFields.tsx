import type { Volume, VolumeGroup } from "../../api/types";
import { FieldRow, NameField, SelectField, TextField } from "../../ui/Field";
import { parseSize } from "../../ui/format";
import { volumeNameError } from "./names";
import { poolsOf, type DraftDisk } from "./newDisk";

export interface Storage {
  readonly groups: readonly VolumeGroup[];
  readonly volumes: readonly Volume[];
}

export interface Putting {
  draft: DraftDisk;
  put: (change: Partial<DraftDisk>) => void;
}

/** A volume that is made for a disk. */
export function NewVolumeFields({ draft, groups, volumes, put }: Storage & Putting) {
  const isOdd = draft.size !== "" && parseSize(draft.size) === null;
  return (
    <FieldRow>
      <SelectField
        label="Volume group"
        value={draft.group}
        onChange={(event) => put({ group: event.target.value, pool: "" })}
      >
        {groups.map((group) => (
          <option key={group.uuid}>{group.name}</option>
        ))}
      </SelectField>
      <SelectField
        label="Thin pool"
        value={draft.pool}
        onChange={(event) => put({ pool: event.target.value })}
      >
        <option value="">None: a thick volume</option>
        {poolsOf(volumes, draft.group).map((pool) => (
          <option key={pool.lv_uuid} value={pool.name}>
            {pool.name}
          </option>
        ))}
      </SelectField>
      <NameField
        label="Name of the volume"
        value={draft.name}
        onChange={(event) => put({ name: event.target.value.trim() })}
        error={volumeNameError(draft.name)}
      />
      <TextField
        label="Size"
        hint="Such as 20 GiB."
        value={draft.size}
        onChange={(event) => put({ size: event.target.value })}
        error={isOdd ? "A size such as 20 GiB or 512 MiB." : null}
        autoComplete="off"
      />
    </FieldRow>
  );
}
