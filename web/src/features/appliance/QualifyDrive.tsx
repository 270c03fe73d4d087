import { useState } from "react";

import { consentOf, driveAt } from "../../api/backups";
import type { UsbDrive } from "../../api/types";
import { DriveName, DriveUse } from "../../ui/DriveFacts";
import { CheckField, ChoiceField } from "../../ui/Field";
import { driveLabel } from "./DriveActions";
import { OperationForm } from "./OperationForm";

interface QualifyDriveProps {
  appliance: string;
  drive: UsbDrive;
  onClose: () => void;
}

export default function QualifyDrive({ appliance, drive, onClose }: QualifyDriveProps) {
  const [mode, setMode] = useState<"quick" | "full">("quick");
  const [erase, setErase] = useState(false);
  return (
    <OperationForm
      title="Qualify the drive"
      action="Qualify"
      appliance={appliance}
      subject={driveLabel(drive)}
      operation={{ kind: "usb_qualify", drive: driveAt(drive), mode, erase }}
      phrase={erase ? consentOf(drive) : null}
      onClose={onClose}
    >
      <p>
        <DriveName drive={drive} /> is written to and read back, to find out what it really holds
        and how fast it is.
      </p>
      <DriveUse drive={drive} />
      <ChoiceField<"quick" | "full">
        label="How much of it"
        value={mode}
        choices={[
          [
            "quick",
            "quick",
            "Blocks all over it: minutes. It finds drives that lie about their size.",
          ],
          ["full", "full", "Every block: hours."],
        ]}
        onChange={setMode}
      />
      <CheckField
        label="Erase all that is on it"
        hint="Otherwise only blank and free space is written to."
        checked={erase}
        onChange={(event) => setErase(event.target.checked)}
      />
    </OperationForm>
  );
}
