import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { startMigration } from "../../api/migrations";
import type { PreflightReport } from "../../api/preflight";
import { asProblem, type Problem } from "../../api/problem";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { FieldRow, NameField, SelectField, TextField } from "../../ui/Field";
import { count, formatDuration } from "../../ui/format";
import { ProblemNote } from "../../ui/ProblemNote";
import { EMPTY_START, onlyCopy, wantedMigration } from "./move";

interface StartMigrationProps {
  appliance: { id: string; name: string };
  preflight: string;
  report: PreflightReport;
  onClose: () => void;
}

/** The last word before VMs are shut down and copied. */
export default function StartMigration(props: StartMigrationProps) {
  const { appliance, preflight, report, onClose } = props;
  const navigate = useNavigate();
  const [draft, setDraft] = useState(EMPTY_START);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const wanted = wantedMigration(appliance.id, preflight, report, draft);
  const copy = onlyCopy(report);
  const left = report.vms.filter(({ vm }) => report.excluded.includes(vm));
  const missing =
    typeof wanted === "string"
      ? wanted
      : typed.trim() === appliance.name
        ? null
        : `Type ${appliance.name} first`;
  const start = async () => {
    if (typeof wanted === "string" || missing !== null || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const { id } = await startMigration(wanted);
      void queries.invalidateQueries({ queryKey: ["migrations"] });
      onClose();
      await navigate({ to: "/migrations/$id", params: { id } });
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Move ${appliance.name} to 2.x`} onClose={onClose} alert wide>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <p>
          {count(report.vms.length - left.length, "VM")} will be shut down and copied to the drive,
          and be off for about {formatDuration(report.seconds)}. Until the permit it can be
          cancelled, and nothing is changed on the system disk.
        </p>
        {left.map(({ vm, name }) => (
          <TextField
            key={vm}
            label={`Why ${name} is left out`}
            value={draft.reasons[vm] ?? ""}
            onChange={(event) =>
              setDraft({ ...draft, reasons: { ...draft.reasons, [vm]: event.target.value } })
            }
          />
        ))}
        <FieldRow>
          <NameField
            label="VMs may be off before the permit for, in hours"
            inputMode="decimal"
            value={draft.hours}
            hint="When that is spent, they are started again."
            onChange={(event) => setDraft({ ...draft, hours: event.target.value })}
          />
          <NameField
            label="Watched afterwards for, in days"
            inputMode="decimal"
            value={draft.days}
            onChange={(event) => setDraft({ ...draft, days: event.target.value })}
          />
        </FieldRow>
        {copy && report.otherDrives.length > 0 && (
          <SelectField
            label="Second copy"
            hint="Made and read back before the permit. Both drives stay plugged in until then."
            value={draft.second}
            onChange={(event) => setDraft({ ...draft, second: event.target.value })}
          >
            <option value="">None</option>
            {report.otherDrives.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
        )}
        {copy && draft.second === "" && (
          <NameField
            label={`Type ${copy.typed} to accept it`}
            hint={copy.sentence}
            value={draft.sentence}
            onChange={(event) => setDraft({ ...draft, sentence: event.target.value })}
          />
        )}
        <NameField
          label={`Type ${appliance.name} to confirm`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="danger" busy={busy} disabledReason={missing}>
            Start the migration
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
