import { useState } from "react";

import type { Volume } from "../../api/types";
import { NameField, TextField } from "../../ui/Field";
import { parseSize } from "../../ui/format";
import { volumeNameError } from "./names";
import { OperationForm } from "./OperationForm";

interface SnapshotVolumeProps {
  appliance: string;
  volume: Volume;
  onClose: () => void;
}

export default function SnapshotVolume({ appliance, volume, onClose }: SnapshotVolumeProps) {
  const [name, setName] = useState(`${volume.name}-snap`);
  const [size, setSize] = useState("");
  const thin = volume.segment_type === "thin";
  const bytes = parseSize(size);
  const sizeError = size !== "" && bytes === null ? "A size such as 2 GiB or 512 MiB." : null;
  const ready = name !== "" && !volumeNameError(name) && !sizeError;
  return (
    <OperationForm
      title={`Snapshot ${volume.name}`}
      action="Snapshot"
      appliance={appliance}
      subject={volume.name}
      operation={
        ready
          ? {
              kind: "volume_snapshot",
              volume: volume.lv_uuid,
              name,
              ...(bytes === null ? {} : { size_bytes: bytes }),
            }
          : null
      }
      onClose={onClose}
    >
      <NameField
        label="Name of the snapshot"
        value={name}
        onChange={(event) => setName(event.target.value.trim())}
        error={volumeNameError(name)}
        autoFocus
      />
      {!thin && (
        <TextField
          label="Room for changes"
          value={size}
          onChange={(event) => setSize(event.target.value)}
          error={sizeError}
          hint="Such as 2 GiB; a tenth of the volume where it is not said. When it is full, the snapshot is lost."
          autoComplete="off"
        />
      )}
    </OperationForm>
  );
}
