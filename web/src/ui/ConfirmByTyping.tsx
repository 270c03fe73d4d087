import { useState, type ReactNode } from "react";

import { asProblem, type Problem } from "../api/problem";
import { Button } from "./Button";
import { Dialog, DialogButtons } from "./Dialog";
import { NameField } from "./Field";
import { ProblemNote } from "./ProblemNote";

export interface ConfirmProps {
  title: string;
  /** Exactly what will happen, as a sentence. */
  effect: ReactNode;
  /** What has to be typed: the name of the thing. Nothing where nothing is lost. */
  phrase: string | null;
  action: string;
  /** What else is asked, and what is missing of that. */
  children?: ReactNode;
  missing?: string | null;
  onClose: () => void;
  /** Does it. What it throws is shown, and the dialog stays. */
  onConfirm: (typed: string) => Promise<void>;
}

/** Asks before something is ended or destroyed, and has a name typed. */
export function ConfirmByTyping(props: ConfirmProps) {
  const { title, effect, phrase, action, children, missing, onClose, onConfirm } = props;
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const lacks =
    missing ?? (phrase === null || typed.trim() === phrase ? null : `Type ${phrase} first`);
  const confirm = async () => {
    if (lacks || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm(phrase ?? "");
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
          void confirm();
        }}
      >
        <div>{effect}</div>
        {children}
        {phrase !== null && (
          <NameField
            label={`Type ${phrase} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoFocus={!children}
          />
        )}
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Keep it as it is</Button>
          <Button
            type="submit"
            look={phrase === null ? "primary" : "danger"}
            busy={busy}
            disabledReason={lacks}
          >
            {action}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
