import type { Volume } from "../../api/types";
import { volumeNameError } from "./names";
import { RenameForm } from "./RenameForm";

interface RenameVolumeProps {
  appliance: string;
  volume: Volume;
  onClose: () => void;
}

export default function RenameVolume({ appliance, volume, onClose }: RenameVolumeProps) {
  return (
    <RenameForm
      appliance={appliance}
      name={volume.name}
      nameError={volumeNameError}
      operation={(name) => ({ kind: "volume_rename", volume: volume.lv_uuid, name })}
      onClose={onClose}
    />
  );
}
