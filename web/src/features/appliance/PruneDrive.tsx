import { useState } from "react";

import { consentOf, oursId } from "../../api/backups";
import type { UsbDrive } from "../../api/types";
import { DriveName } from "../../ui/DriveFacts";
import { CheckField, FieldRow, TextField } from "../../ui/Field";
import { driveLabel } from "./DriveActions";
import { OperationForm } from "./OperationForm";

interface PruneDriveProps {
  appliance: string;
  drive: UsbDrive;
  /** Why nothing may be changed now, where only a look is possible. */
  changing: string | null;
  onClose: () => void;
}

const KEPT = [
  ["last", "Newest sets"],
  ["daily", "Days"],
  ["weekly", "Weeks"],
  ["monthly", "Months"],
] as const;

type Kept = Record<(typeof KEPT)[number][0], string>;

/** A count as it is typed; nothing where it is none. */
function countOf(text: string): number | null {
  if (text.trim() === "") return 0;
  return /^\d{1,4}$/.test(text.trim()) ? Number(text) : null;
}

export default function PruneDrive({ appliance, drive, changing, onClose }: PruneDriveProps) {
  const [kept, setKept] = useState<Kept>({ last: "3", daily: "7", weekly: "4", monthly: "6" });
  const [dryRun, setDryRun] = useState(true);
  const counts = KEPT.map(([key]) => [key, countOf(kept[key])] as const);
  const isClear = counts.every(([, number]) => number !== null);
  const isSomething = counts.some(([, number]) => number !== null && number > 0);
  const id = oursId(drive);
  const keep = Object.fromEntries(counts) as Record<keyof Kept, number>;
  return (
    <OperationForm
      title="Make room for backups"
      action={dryRun ? "Say what would be removed" : "Remove them"}
      appliance={appliance}
      subject={driveLabel(drive)}
      operation={
        id !== null && isClear && isSomething && (dryRun || changing === null)
          ? { kind: "backup_prune", drive: id, keep, dry_run: dryRun }
          : null
      }
      incomplete={
        isClear && isSomething ? (changing ?? "") : "Say how many sets are to be kept first"
      }
      fields={["keep"]}
      phrase={dryRun ? null : consentOf(drive)}
      wide
      onClose={onClose}
    >
      {(refused) => (
        <>
          <p>
            On <DriveName drive={drive} />, sets of the same VMs are held against each other: the
            newest are kept, and the newest set of each of so many days, weeks and months that have
            one. The newest verified set that holds a VM is kept whatever is said, and a set that is
            not verified until a newer one that is holds all of its VMs.
          </p>
          <FieldRow>
            {KEPT.map(([key, label]) => (
              <TextField
                key={key}
                label={label}
                type="number"
                min={0}
                value={kept[key]}
                onChange={(event) => setKept({ ...kept, [key]: event.target.value })}
                error={countOf(kept[key]) === null ? "A number from 0 to 9999." : null}
              />
            ))}
          </FieldRow>
          <CheckField
            label="Only say what would be removed"
            hint="The answer is on the operation’s page. Sets that are removed do not come back."
            checked={dryRun}
            onChange={(event) => setDryRun(event.target.checked)}
          />
          {refused.keep && <p role="alert">{refused.keep}</p>}
        </>
      )}
    </OperationForm>
  );
}
