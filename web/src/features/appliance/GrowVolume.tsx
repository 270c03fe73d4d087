import { useState } from "react";

import type { Volume, VolumeGroup } from "../../api/types";
import { TextField } from "../../ui/Field";
import { formatBytes, parseSize } from "../../ui/format";
import { OperationForm } from "./OperationForm";

interface GrowVolumeProps {
  appliance: string;
  volume: Volume;
  group: VolumeGroup | undefined;
  onClose: () => void;
}

export default function GrowVolume({ appliance, volume, group, onClose }: GrowVolumeProps) {
  const [size, setSize] = useState("");
  // A thin volume may be larger than what is there to hold it.
  const most = volume.pool || !group ? null : volume.size_bytes + group.free_bytes;
  const bytes = parseSize(size);
  const error = growError(size, volume.size_bytes, most);
  return (
    <OperationForm
      title={`Grow ${volume.name}`}
      action="Grow"
      appliance={appliance}
      subject={volume.name}
      operation={
        bytes !== null && !error
          ? { kind: "volume_grow", volume: volume.lv_uuid, size_bytes: bytes }
          : null
      }
      incomplete="Give a size first"
      fields={["size_bytes"]}
      onClose={onClose}
    >
      {(refused) => (
        <>
          <p>
            What is on <strong>{volume.name}</strong> stays, and does not grow with it: the file
            system is grown in the guest. A volume is never made smaller.
          </p>
          <TextField
            label="New size"
            value={size}
            onChange={(event) => setSize(event.target.value)}
            error={error ?? refused.size_bytes}
            hint={`It has ${formatBytes(volume.size_bytes)}${most === null ? "" : `, and can have up to ${formatBytes(most)}`}.`}
            autoFocus
            autoComplete="off"
          />
        </>
      )}
    </OperationForm>
  );
}

/** What is wrong with the new size of a volume of `now` bytes that can have `most`. */
export function growError(size: string, now: number, most: number | null): string | null {
  if (size === "") return null;
  const bytes = parseSize(size);
  if (bytes === null) return "A size such as 20 GiB or 512 MiB.";
  if (bytes <= now) return `It has ${formatBytes(now)} already.`;
  return most !== null && bytes > most ? `More than the ${formatBytes(most)} there is.` : null;
}
