import { useState } from "react";

import { FieldRow, NameField, TextField, CheckField } from "../../ui/Field";
import { OperationForm } from "./OperationForm";

interface StressFormProps {
  appliance: { readonly id: string; readonly name: string };
  onClose: () => void;
}

const GIB = 1024 ** 3;

/** Has an appliance put load on its disk, to see whether dom0 survives it. */
export default function StressForm({ appliance, onClose }: StressFormProps) {
  const [minutes, setMinutes] = useState("480");
  const [folder, setFolder] = useState("");
  const [waive, setWaive] = useState(false);
  const seconds = Math.round(Number(minutes.replace(",", ".")) * 60);
  const isLong = Number.isSafeInteger(seconds) && seconds > 0;
  const chance = isLong ? 1 - Math.exp(-seconds / 3600) : 0;
  return (
    <OperationForm
      title="Stress the disk"
      action="Put it under load"
      appliance={appliance.id}
      subject={appliance.name}
      operation={
        isLong
          ? {
              kind: "stress_run",
              seconds,
              waive_backups: waive,
              ...(folder.trim() === "" ? {} : { folder: folder.trim() }),
            }
          : null
      }
      incomplete="Say for how many minutes first"
      fields={["seconds", "folder"]}
      phrase={appliance.name}
      onClose={onClose}
    >
      {(refused) => (
        <>
          <p>
            Five processes read and write {(4000 / 1024).toFixed(1)} GiB of dom0’s disk at random.
            Where a build freezes, it does so within about an hour of this:{" "}
            <strong>dom0 of {appliance.name} may freeze, and every VM with it</strong>. Somebody
            must then be there to cycle its power. Such an end is counted as provoked, and as
            nothing else.
          </p>
          <FieldRow>
            <TextField
              label="Minutes"
              inputMode="decimal"
              value={minutes}
              hint={
                isLong
                  ? `A dom0 that dies once an hour would die of it with ${(100 * chance).toFixed(chance > 0.99 ? 2 : 1)} %.`
                  : undefined
              }
              error={refused.seconds}
              onChange={(event) => setMinutes(event.target.value)}
            />
            <NameField
              label="Folder in dom0"
              placeholder="the agent’s own"
              value={folder}
              hint={`On the disk that is to be tried, with ${((5000 * 1024 ** 2) / GIB).toFixed(1)} GiB free.`}
              error={refused.folder}
              onChange={(event) => setFolder(event.target.value)}
            />
          </FieldRow>
          <CheckField
            label="Go on without backups"
            hint="Otherwise every VM must have a verified backup that is newer than its last start."
            checked={waive}
            onChange={(event) => setWaive(event.target.checked)}
          />
        </>
      )}
    </OperationForm>
  );
}
