import { useState } from "react";

import type { Volume, VolumeGroup } from "../../api/types";
import { NameField, SelectField, TextField } from "../../ui/Field";
import { formatBytes, parseSize } from "../../ui/format";
import { volumeNameError } from "./names";
import { poolsOf } from "./newDisk";
import { OperationForm } from "./OperationForm";

interface CreateVolumeProps {
  appliance: string;
  groups: readonly VolumeGroup[];
  volumes: readonly Volume[];
  onClose: () => void;
}

export default function CreateVolume({ appliance, groups, volumes, onClose }: CreateVolumeProps) {
  const [group, setGroup] = useState(groups[0]?.name ?? "");
  const [pool, setPool] = useState("");
  const [name, setName] = useState("");
  const [size, setSize] = useState("");
  const bytes = parseSize(size);
  const pools = poolsOf(volumes, group);
  const free = groups.find((candidate) => candidate.name === group)?.free_bytes ?? 0;
  const error = sizeError(size, pool === "" ? free : null);
  const ready = bytes !== null && !error && name !== "" && !volumeNameError(name);
  const thin = pool === "" ? {} : { thin_pool: pool };
  return (
    <OperationForm
      title="Create a volume"
      action="Create"
      appliance={appliance}
      subject={name}
      operation={
        ready
          ? { kind: "volume_create", volume_group: group, name, size_bytes: bytes, ...thin }
          : null
      }
      fields={["name", "size_bytes"]}
      onClose={onClose}
    >
      {(refused) => (
        <>
          <SelectField
            label="Volume group"
            value={group}
            onChange={(event) => {
              setGroup(event.target.value);
              setPool("");
            }}
            hint={`${formatBytes(free)} free`}
          >
            {groups.map((candidate) => (
              <option key={candidate.uuid}>{candidate.name}</option>
            ))}
          </SelectField>
          {pools.length > 0 && (
            <SelectField
              label="Thin pool"
              value={pool}
              onChange={(event) => setPool(event.target.value)}
              hint="A thin volume takes room only for what is written to it, and may be larger than its pool."
            >
              <option value="">None: a thick volume</option>
              {pools.map((candidate) => (
                <option key={candidate.lv_uuid} value={candidate.name}>
                  {candidate.name}
                </option>
              ))}
            </SelectField>
          )}
          <NameField
            label="Name"
            value={name}
            onChange={(event) => setName(event.target.value.trim())}
            error={volumeNameError(name) ?? refused.name}
            autoFocus
          />
          <TextField
            label="Size"
            value={size}
            onChange={(event) => setSize(event.target.value)}
            error={error ?? refused.size_bytes}
            hint="Such as 20 GiB. Rounded up to whole extents."
            autoComplete="off"
          />
        </>
      )}
    </OperationForm>
  );
}

/** What is wrong with a size, where at most `free` bytes can be had. */
export function sizeError(size: string, free: number | null): string | null {
  if (size === "") return null;
  const bytes = parseSize(size);
  if (bytes === null) return "A size such as 20 GiB or 512 MiB.";
  return free !== null && bytes > free ? `More than the ${formatBytes(free)} that are free.` : null;
}
