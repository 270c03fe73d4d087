import { useState } from "react";

import type { Problem } from "../../api/problem";
import type { Bulk } from "../../api/types";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { NameField } from "../../ui/Field";
import { count, operationTitle } from "../../ui/format";
import { ProblemNote } from "../../ui/ProblemNote";
import { BulkStateBadge } from "../../ui/states";
import { confirmation, refusals } from "./bulk";
import styles from "./DryRun.module.css";

interface DryRunProps {
  tried: Bulk;
  busy: boolean;
  problem: Problem | null;
  onBack: () => void;
  onGo: (confirm: string | null) => void;
  onClose: () => void;
}

const NAMED = 12;

/** Who would be asked, and who would be refused and why; and then, to ask them. */
export function DryRun({ tried, busy, problem, onBack, onGo, onClose }: DryRunProps) {
  const [typed, setTyped] = useState("");
  const admitted = tried.counts.admitted ?? 0;
  const phrase = tried.class === "destructive" ? confirmation(tried.total) : null;
  const reason =
    admitted === 0
      ? "None of them would be asked"
      : phrase === null || typed.trim() === phrase
        ? null
        : `Type ${phrase} first`;
  const groups = refusals(tried.results);
  return (
    <Dialog
      title={`${operationTitle(tried.kind)}: tried out`}
      onClose={onClose}
      wide
      alert={phrase !== null}
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason === null) onGo(phrase);
        }}
      >
        <p role="status">
          Of {count(tried.total, "appliance")}, <strong>{admitted}</strong> would be asked and{" "}
          <strong>{tried.total - admitted}</strong> refused, as things are now.
        </p>
        <ul className={styles.groups} aria-label="What would become of it">
          {admitted > 0 && (
            <li>
              <span className="line">
                <BulkStateBadge state="admitted" bare />
                <span>{count(admitted, "appliance")}</span>
              </span>
              <Names
                names={tried.results
                  .filter(({ state }) => state === "admitted")
                  .map(({ appliance }) => appliance.name)}
              />
            </li>
          )}
          {groups.map(({ code, message, whatToDo, names }) => (
            <li key={code}>
              <span className="line">
                <BulkStateBadge state="refused" bare />
                <span>
                  {count(names.length, "appliance")}: {message}
                </span>
              </span>
              {whatToDo && <p>{whatToDo}</p>}
              <Names names={names} />
            </li>
          ))}
        </ul>
        {phrase !== null && admitted > 0 && (
          <NameField
            label={`Type ${phrase} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoFocus
          />
        )}
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onBack}>Back</Button>
          <Button
            type="submit"
            look={phrase === null ? "primary" : "danger"}
            busy={busy}
            disabledReason={reason}
          >
            {`Ask ${count(tried.total, "appliance")}`}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}

function Names({ names }: { names: readonly string[] }) {
  const more = names.length - NAMED;
  return (
    <p className="muted">
      {names.slice(0, NAMED).join(", ")}
      {more > 0 && ` and ${more.toLocaleString("en-GB")} more`}
    </p>
  );
}
