import { useState } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { importUptimes } from "../../api/reliability";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { CopyText } from "../../ui/CopyText";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { NameField, TextField } from "../../ui/Field";
import { count } from "../../ui/format";
import { ProblemNote } from "../../ui/ProblemNote";
import { tell } from "../../ui/toasts";

const EXAMPLE = `appliance,exit_days,end,xen,disk_format
kirchgasse-4,12.5,hang,4.6.1,qcow2
kirchgasse-4,3.2,clean,4.6.1,qcow2
museum,210,power_loss,4.4.1,qcow`;

/** Imports uptimes that somebody wrote down. */
export function BringTable({ onClose }: { onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [source, setSource] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const bring = async () => {
    if (!file || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const table = await importUptimes(file, source.trim() || file.name);
      tell(`${table.source} is imported: ${count(table.rows, "row")}`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["reliability"] });
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Import uptimes" onClose={onClose} wide>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void bring();
        }}
      >
        <TextField
          label="Table"
          type="file"
          accept=".csv,text/csv"
          hint="A CSV file with a header, at most 32 MiB. All of it is taken or nothing."
          error={problem?.fields.table}
          onChange={(event) => {
            setFile(event.target.files?.[0] ?? null);
            setProblem(null);
          }}
        />
        <NameField
          label="What it is called"
          placeholder={file?.name ?? ""}
          hint="As the list of tables shows it; the name of the file where it is empty."
          error={problem?.fields.source}
          value={source}
          onChange={(event) => setSource(event.target.value)}
        />
        <details>
          <summary>What is in the table</summary>
          <div className="stack">
            <p>
              A row for each boot, or for each part of one in which nothing changed: whose it is (
              <code>appliance</code>, by its name), the uptime in days (<code>exit_days</code>), and
              how it ended (<code>end</code>: clean, upgrade, panic, watchdog, hang, power_loss,
              provoked, unknown, lost, or running). Where it was not watched from its beginning, the
              uptime from which on it was (<code>entry_days</code>); where a boot has several rows,
              which one (<code>boot</code>). Any component may follow, such as{" "}
              <code>hypervisor</code>, <code>xen</code>, <code>qemu_running</code> or{" "}
              <code>disk_format</code>.
            </p>
            <CopyText text={EXAMPLE} />
          </div>
        </details>
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            busy={busy}
            disabledReason={file ? null : "Choose a file first"}
          >
            Import
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
