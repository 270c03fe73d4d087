import { useState } from "react";

import { ConfirmByTyping, type ConfirmProps } from "../../ui/ConfirmByTyping";
import { AreaField, CheckField } from "../../ui/Field";

interface DecideProps extends Pick<ConfirmProps, "title" | "effect" | "action" | "onClose"> {
  /** What has to be typed, where something is lost by it. */
  phrase?: string | null;
  /** Whether the history is to say why. */
  why?: boolean;
  /** A second way to do it. */
  option?: { label: string; hint: string; checked: boolean; onChange: (checked: boolean) => void };
  /** Does it. What it throws is shown, and the dialog stays. */
  onDecide: (reason: string) => Promise<void>;
}

/** Asks before something is decided about a migration. */
export default function Decide(props: DecideProps) {
  const { phrase = null, why = false, option, onDecide, ...rest } = props;
  const [reason, setReason] = useState("");
  return (
    <ConfirmByTyping
      {...rest}
      phrase={phrase}
      missing={why && reason.trim() === "" ? "Say why first" : null}
      onConfirm={() => onDecide(reason.trim())}
    >
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
    </ConfirmByTyping>
  );
}
