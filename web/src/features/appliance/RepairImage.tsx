import { useState } from "react";

import { CheckField, NameField } from "../../ui/Field";
import type { DiskImage } from "./images";
import { pathError } from "./names";
import { OperationForm } from "./OperationForm";

interface RepairImageProps {
  appliance: string;
  image: DiskImage;
  onClose: () => void;
}

export default function RepairImage({ appliance, image, onClose }: RepairImageProps) {
  const [to, setTo] = useState("");
  const [salvage, setSalvage] = useState(false);
  const ready = to !== "" && !pathError(to);
  return (
    <OperationForm
      title="Repair a copy of the image"
      action="Repair a copy"
      appliance={appliance}
      subject={image.path}
      operation={ready ? { kind: "image_repair", image: image.at, to, salvage } : null}
      incomplete="Say where the copy goes first"
      fields={["to"]}
      onClose={onClose}
    >
      {(refused) => (
        <>
          <p>
            <code>{image.path}</code> is copied, and the copy is repaired: it is there once it is in
            order. The image itself is not touched.
          </p>
          <NameField
            label="The copy"
            hint="A new file, such as /data/vms/pbx/repaired.qcow2. Nothing may be there."
            value={to}
            onChange={(event) => setTo(event.target.value)}
            error={pathError(to) ?? refused.to}
            autoFocus
          />
          <CheckField
            label="Save what can be read of a corrupt image"
            hint="Parts of the copy are then not what the guest wrote. The result says how much of it."
            checked={salvage}
            onChange={(event) => setSalvage(event.target.checked)}
          />
        </>
      )}
    </OperationForm>
  );
}
