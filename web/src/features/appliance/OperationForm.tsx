import { useState, type ReactNode } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { requestOperation } from "../../api/queries";
import type { OperationRequest } from "../../api/types";
import { asked } from "../../live/operations";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { NameField } from "../../ui/Field";
import { ProblemNote } from "../../ui/ProblemNote";

/** What the server found wrong with each field. */
export type Refused = Readonly<Record<string, string>>;

interface OperationFormProps {
  title: string;
  action: string;
  appliance: string;
  /** What is to be asked; nothing while it is not complete. */
  operation: OperationRequest | null;
  /** What is missing while it is not complete. */
  incomplete?: string;
  subject: string;
  /** The fields that show themselves what the server found wrong with them. */
  fields?: readonly string[];
  /** What has to be typed, where something is ended or destroyed. */
  phrase?: string | null;
  wide?: boolean;
  onClose: () => void;
  children: ReactNode | ((refused: Refused) => ReactNode);
}

/** The frame of the forms that ask an appliance for something. */
export function OperationForm(props: OperationFormProps) {
  const { title, action, appliance, operation, subject, onClose, children } = props;
  const { incomplete = "Give a name and a size first", fields = [], phrase = null, wide } = props;
  const [problem, setProblem] = useState<Problem | null>(null);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const isConfirmed = phrase === null || typed.trim() === phrase;
  const reason = operation ? (isConfirmed ? null : `Type ${phrase} first`) : incomplete;
  const send = async () => {
    if (!operation || reason !== null || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await asked(requestOperation(appliance, operation, phrase ?? undefined), subject);
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const refused = problem?.fields ?? {};
  const named = Object.keys(refused);
  const isShownAtFields = named.length > 0 && named.every((field) => fields.includes(field));
  return (
    <Dialog title={title} onClose={onClose} wide={wide ?? false} alert={phrase !== null}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {typeof children === "function" ? children(refused) : children}
        {phrase !== null && (
          <NameField
            label={`Type ${phrase} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        {problem && !isShownAtFields && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look={phrase === null ? "primary" : "danger"}
            busy={busy}
            disabledReason={reason}
          >
            {action}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
