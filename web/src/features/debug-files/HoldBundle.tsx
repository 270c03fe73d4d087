import { useState } from "react";

import { bundleDetail, holdBundle } from "../../api/bundles";
import { asProblem, type Problem } from "../../api/problem";
import type { Bundle } from "../../api/types";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { ProblemNote } from "../../ui/ProblemNote";
import { tell } from "../../ui/toasts";

export default function HoldBundle({ bundle, onClose }: { bundle: Bundle; onClose: () => void }) {
  const [note, setNote] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const isReady = note.trim() !== "";
  const hold = async () => {
    if (!isReady || busy) return;
    setBusy(true);
    try {
      const held = await holdBundle(bundle.id, note.trim());
      queries.setQueryData(bundleDetail(bundle.id).queryKey, held);
      await queries.invalidateQueries({ queryKey: ["bundles"] });
      tell("The bundle is held");
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Hold the bundle" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void hold();
        }}
      >
        <p>It stays until it is released: no time limit and nobody’s deletion removes it.</p>
        <TextField
          label="What for"
          hint="For whoever wonders why it is still there."
          value={note}
          onChange={(event) => setNote(event.target.value)}
          error={problem?.fields.note}
          maxLength={500}
          autoFocus
        />
        {problem && !problem.fields.note && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            busy={busy}
            disabledReason={isReady ? null : "Say what for first"}
          >
            Hold
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
