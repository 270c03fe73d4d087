import { useState } from "react";

import { oursId } from "../../api/backups";
import type { UsbDrive } from "../../api/types";
import { DriveName } from "../../ui/DriveFacts";
import { CheckField, NameField } from "../../ui/Field";
import type { LastQualification } from "./drives";
import { pathError } from "./names";
import { OperationForm } from "./OperationForm";
import { Unfit } from "./Unfit";

interface ImportBackupProps {
  appliance: string;
  drive: UsbDrive;
  last: LastQualification | null;
  onClose: () => void;
}

export default function ImportBackup({ appliance, drive, last, onClose }: ImportBackupProps) {
  const [from, setFrom] = useState("");
  const [encrypted, setEncrypted] = useState(false);
  const id = oursId(drive);
  const ready = id !== null && from !== "" && !pathError(from);
  return (
    <OperationForm
      title="Take over a backup"
      action="Take it over"
      appliance={appliance}
      subject={from}
      operation={ready ? { kind: "backup_import", drive: id, from, encrypted } : null}
      incomplete="Say where it is first"
      fields={["from", "drive"]}
      wide
      onClose={onClose}
    >
      {(refused) => (
        <>
          <Unfit last={last} />
          <p>
            A backup that another program has made becomes a set on <DriveName drive={drive} />: a
            folder in dom0 with disk images, and with the xl configurations of their VMs. An image
            is found by its name alone, and every byte is read back.
          </p>
          <NameField
            label="Folder"
            hint="Such as /data/backup-2019. Nothing in it is changed."
            value={from}
            onChange={(event) => setFrom(event.target.value)}
            error={pathError(from) ?? refused.from}
            autoFocus
          />
          <CheckField
            label="Encrypt the set"
            hint="The server keeps the key. Otherwise whoever holds the drive can read it."
            checked={encrypted}
            onChange={(event) => setEncrypted(event.target.checked)}
          />
          {refused.drive && <p role="alert">{refused.drive}</p>}
        </>
      )}
    </OperationForm>
  );
}
