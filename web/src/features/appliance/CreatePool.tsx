import { useState } from "react";

import type { VolumeGroup } from "../../api/types";
import { NameField, SelectField, TextField } from "../../ui/Field";
import { formatBytes, parseSize } from "../../ui/format";
import { sizeError } from "./CreateVolume";
import { volumeNameError } from "./names";
import { OperationForm } from "./OperationForm";

interface CreatePoolProps {
  appliance: string;
  groups: readonly VolumeGroup[];
  onClose: () => void;
}

export default function CreatePool({ appliance, groups, onClose }: CreatePoolProps) {
  const [group, setGroup] = useState(groups[0]?.name ?? "");
  const [name, setName] = useState("");
  const [size, setSize] = useState("");
  const [metadata, setMetadata] = useState("");
  const [bytes, metadataBytes] = [parseSize(size), parseSize(metadata)];
  const free = groups.find((candidate) => candidate.name === group)?.free_bytes ?? 0;
  const errors = [sizeError(size, free), sizeError(metadata, free)];
  const ready =
    bytes !== null && name !== "" && !volumeNameError(name) && errors.every((error) => !error);
  return (
    <OperationForm
      title="Create a thin pool"
      action="Create"
      appliance={appliance}
      subject={name}
      operation={
        ready
          ? {
              kind: "thin_pool_create",
              volume_group: group,
              name,
              size_bytes: bytes,
              ...(metadataBytes === null ? {} : { metadata_bytes: metadataBytes }),
            }
          : null
      }
      fields={["name", "size_bytes"]}
      onClose={onClose}
    >
      {(refused) => (
        <>
          <p>
            Thin volumes share a pool, and take room in it only for what is written to them. A pool
            that is full stops every VM that writes to it.
          </p>
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
          <NameField
            label="Name"
            value={name}
            onChange={(event) => setName(event.target.value.trim())}
            error={volumeNameError(name) ?? refused.name}
            autoFocus
          />
          <TextField
            label="Room for data"
            value={size}
            onChange={(event) => setSize(event.target.value)}
            error={errors[0] ?? refused.size_bytes}
            hint="Such as 100 GiB."
            autoComplete="off"
          />
          <TextField
            label="Room for its own tables"
            value={metadata}
            onChange={(event) => setMetadata(event.target.value)}
            error={errors[1]}
            hint="What LVM finds fit where it is empty. As much again is kept to repair them with."
            autoComplete="off"
          />
        </>
      )}
    </OperationForm>
  );
}
