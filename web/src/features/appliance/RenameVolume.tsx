import { useState } from "react";

import type { Volume } from "../../api/types";
import { TextField } from "../../ui/Field";
import { volumeNameError } from "./names";
import { OperationForm } from "./OperationForm";

interface RenameVolumeProps {
  appliance: string;
  volume: Volume;
  onClose: () => void;
}

export default function RenameVolume({ appliance, volume, onClose }: RenameVolumeProps) {
  const [name, setName] = useState(volume.name);
  const ready = name !== "" && name !== volume.name && !volumeNameError(name);
  return (
    <OperationForm
      title={`Rename ${volume.name}`}
      action="Rename"
      appliance={appliance}
      subject={volume.name}
      operation={ready ? { kind: "volume_rename", volume: volume.lv_uuid, name } : null}
      incomplete="Give another name first"
      fields={["name"]}
      onClose={onClose}
    >
      {(refused) => (
        <TextField
          label="New name"
          value={name}
          onChange={(event) => setName(event.target.value.trim())}
          error={volumeNameError(name) ?? refused.name}
          autoFocus
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </OperationForm>
  );
}
