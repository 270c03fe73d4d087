import type { LineStep } from "../../api/migrations";
import { Card } from "../../ui/Page";
import { Time } from "../../ui/Time";
import styles from "./Migrations.module.css";
import { phaseLook, sides } from "./words";

const STATES = { done: "done", current: "now", ahead: "not yet", skipped: "left out" } as const;

/** The phases in their order, what each is proved by, and between them the point of no return. */
export function PhaseLine({ line, isPast }: { line: readonly LineStep[]; isPast: boolean }) {
  const { before, beyond } = sides(line);
  return (
    <Card title="Phases">
      <ol className={styles.line}>
        {before.map((step) => (
          <Step key={step.phase} step={step} />
        ))}
        {beyond.length > 0 && (
          <li className={styles.point}>
            <strong>Point of no return.</strong>{" "}
            {isPast
              ? "It is behind: what comes can only go on, or back by another reset."
              : "Until here it can be cancelled, and the VMs run as before."}
          </li>
        )}
        {beyond.map((step) => (
          <Step key={step.phase} step={step} />
        ))}
      </ol>
    </Card>
  );
}

function Step({ step: { phase, state, at, evidence } }: { step: LineStep }) {
  return (
    <li
      className={styles.step}
      data-state={state}
      aria-current={state === "current" ? "step" : undefined}
    >
      <span className={styles.mark} aria-hidden="true" />
      <span className={styles.phase}>{phaseLook(phase)[2]}</span>
      <div>
        {at ? <Time at={at} full /> : (STATES[state] ?? state)}
        {evidence.length > 0 && (
          <ul aria-label={`Evidence of ${phaseLook(phase)[2]}`} className="muted">
            {evidence.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}
