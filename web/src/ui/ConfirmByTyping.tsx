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
  /** What has to be typed: the name of the thing. */
  phrase: string;
  action: string;
  onClose: () => void;
  /** Does it. What it throws is shown, and the dialog stays. */
  onConfirm: (typed: string) => Promise<void>;
}

/** Asks for a name to be typed before something is ended or destroyed. */
export function ConfirmByTyping(props: ConfirmProps) {
  const { title, effect, phrase, action, onClose, onConfirm } = props;
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const right = typed.trim() === phrase;
  const confirm = async () => {
    if (!right || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm(phrase);
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
        <NameField
          label={`Type ${phrase} to confirm`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          autoFocus
        />
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Keep it as it is</Button>
          <Button
            type="submit"
            look="danger"
            busy={busy}
            disabledReason={right ? null : `Type ${phrase} first`}
          >
            {action}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
