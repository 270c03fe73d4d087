import type { Judgement } from "../api/results";
import { formatBytes } from "./format";
import styles from "./Results.module.css";
import { VerdictBadge } from "./states";

/** What is to be thought of an image, on a line. */
export function Verdict({ judgement: { verdict, convertible } }: { judgement: Judgement }) {
  return (
    <span className="line">
      <VerdictBadge state={verdict} bare />
      <span className="muted">
        {convertible ? "may be converted and backed up" : "not to be converted as it is"}
      </span>
    </span>
  );
}

export function imageRows(judgement: Judgement) {
  return [
    ["Verdict", <Verdict key="verdict" judgement={judgement} />],
    ["Format", judgement.format],
    ["Size of the disk", formatBytes(judgement.virtualBytes)],
  ] as const;
}

/** Sentences that say why; nothing where there is nothing to say. */
export function Reasons({ reasons }: { reasons: readonly string[] }) {
  if (reasons.length === 0) return null;
  return (
    <ul className={styles.reasons}>
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}
