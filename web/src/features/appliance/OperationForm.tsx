import { useState, type ReactNode } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { requestOperation } from "../../api/queries";
import type { OperationRequest } from "../../api/types";
import { asked } from "../../live/operations";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { ProblemNote } from "../../ui/ProblemNote";

interface VolumeFormProps {
  title: string;
  action: string;
  appliance: string;
  /** What is to be asked; nothing while it is not complete. */
  operation: OperationRequest | null;
  subject: string;
  onClose: () => void;
  children: ReactNode;
}

/** The frame of the forms that ask for a volume. */
export function VolumeForm(props: VolumeFormProps) {
  const { title, action, appliance, operation, subject, onClose, children } = props;
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    if (!operation || busy) return;
    setBusy(true);
    try {
      await asked(requestOperation(appliance, operation), subject);
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {children}
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            busy={busy}
            disabledReason={operation ? null : "Give a name and a size first"}
          >
            {action}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}

/** Why LVM would not take a name; nothing where it would. */
export function volumeNameError(name: string): string | null {
  if (name === "") return null;
  if (!/^[a-zA-Z0-9_.+][a-zA-Z0-9_.+-]*$/.test(name) || name === "." || name === "..") {
    return "Letters, digits and _ . + - only, and not a hyphen first.";
  }
  return name.length > 100 ? "At most 100 letters." : null;
}
