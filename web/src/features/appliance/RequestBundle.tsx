import { useState } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { requestBundle } from "../../api/queries";
import type { ApplianceDetail } from "../../api/types";
import { asked } from "../../live/operations";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { ProblemNote } from "../../ui/ProblemNote";

interface RequestBundleProps {
  appliance: ApplianceDetail;
  onClose: () => void;
}

export default function RequestBundle({ appliance, onClose }: RequestBundleProps) {
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await asked(requestBundle(appliance.id, note.trim()), appliance.name);
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Request a debug bundle" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>
          The agent on <strong>{appliance.name}</strong> collects logs and states of dom0, Xen and
          the VMs, takes secrets out, and sends them here. Nothing on the appliance is changed.
        </p>
        <TextField
          label="Note"
          hint="Why it is wanted; kept with the bundle."
          value={note}
          onChange={(event) => setNote(event.target.value)}
          maxLength={500}
          autoFocus
        />
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Request
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
