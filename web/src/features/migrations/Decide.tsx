import { useState, type ReactNode } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { AreaField, CheckField, NameField } from "../../ui/Field";
import { ProblemNote } from "../../ui/ProblemNote";

interface DecideProps {
  title: string;
  /** Exactly what will happen. */
  effect: ReactNode;
  action: string;
  /** What has to be typed, where something is lost by it. */
  phrase?: string | null;
  /** Whether the history is to say why. */
  why?: boolean;
  /** A second way to do it. */
  option?: { label: string; hint: string; checked: boolean; onChange: (checked: boolean) => void };
  onClose: () => void;
  /** Does it. What it throws is shown, and the dialog stays. */
  onDecide: (reason: string) => Promise<void>;
}

/** Asks before something is decided about a migration. */
export default function Decide(props: DecideProps) {
  const { title, effect, action, phrase = null, why = false, option, onClose, onDecide } = props;
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const missing =
    why && reason.trim() === ""
      ? "Say why first"
      : phrase !== null && typed.trim() !== phrase
        ? `Type ${phrase} first`
        : null;
  const decide = async () => {
    if (missing !== null || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await onDecide(reason.trim());
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose} alert>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void decide();
        }}
      >
        <div>{effect}</div>
        {option && (
          <CheckField
            label={option.label}
            hint={option.hint}
            checked={option.checked}
            onChange={(event) => option.onChange(event.target.checked)}
          />
        )}
        {why && (
          <AreaField
            label="Why"
            short
            value={reason}
            hint="It stays in the history."
            onChange={(event) => setReason(event.target.value)}
          />
        )}
        {phrase !== null && (
          <NameField
            label={`Type ${phrase} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Keep it as it is</Button>
          <Button
            type="submit"
            look={phrase === null ? "primary" : "danger"}
            busy={busy}
            disabledReason={missing}
          >
            {action}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
