import { useState } from "react";

import type { VolumeGroup } from "../../api/types";
import { SelectField, TextField } from "../../ui/Field";
import { formatBytes, parseSize } from "../../ui/format";
import { volumeNameError } from "./names";
import { OperationForm } from "./OperationForm";

interface CreateVolumeProps {
  appliance: string;
  groups: readonly VolumeGroup[];
  onClose: () => void;
}

export default function CreateVolume({ appliance, groups, onClose }: CreateVolumeProps) {
  const [group, setGroup] = useState(groups[0]?.name ?? "");
  const [name, setName] = useState("");
  const [size, setSize] = useState("");
  const bytes = parseSize(size);
  const free = groups.find((candidate) => candidate.name === group)?.free_bytes ?? 0;
  const sizeError =
    size === ""
      ? null
      : bytes === null
        ? "A size such as 20 GiB or 512 MiB."
        : bytes > free
          ? `More than the ${formatBytes(free)} that are free.`
          : null;
  const ready = bytes !== null && !sizeError && name !== "" && !volumeNameError(name);
  return (
    <OperationForm
      title="Create a volume"
      action="Create"
      appliance={appliance}
      subject={name}
      operation={
        ready ? { kind: "volume_create", volume_group: group, name, size_bytes: bytes } : null
      }
      onClose={onClose}
    >
      <SelectField
        label="Volume group"
        value={group}
        onChange={(event) => setGroup(event.target.value)}
        hint={`${formatBytes(free)} free`}
      >
        {groups.map((candidate) => (
          <option key={candidate.uuid}>{candidate.name}</option>
        ))}
      </SelectField>
      <TextField
        label="Name"
        value={name}
        onChange={(event) => setName(event.target.value.trim())}
        error={volumeNameError(name)}
        autoFocus
        autoComplete="off"
        spellCheck={false}
      />
      <TextField
        label="Size"
        value={size}
        onChange={(event) => setSize(event.target.value)}
        error={sizeError}
        hint="Such as 20 GiB. Rounded up to whole extents."
        autoComplete="off"
      />
    </OperationForm>
  );
}
