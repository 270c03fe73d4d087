import type { Named, Reliability, Suspect } from "../../api/types";
import { componentList } from "../../ui/componentNames";
import { count } from "../../ui/format";
import { WarningIcon } from "../../ui/icons";
import { Card } from "../../ui/Page";
import { formatP, oneIn } from "../../ui/statistics";
import { verdictTitle, verdictWords } from "../../ui/verdict";
import styles from "./Reliability.module.css";
import { capital, readable, reservations } from "./words";

/** What can be said, in words; what cannot be told apart stands before any suspect. */
export function VerdictCard({ found, alpha }: { found: Reliability; alpha: number }) {
  const { diagnosis, names, left_out } = found;
  const { verdict, inseparable } = diagnosis;
  const suspects = "suspects" in verdict ? verdict.suspects : [];
  const reserved = reservations(diagnosis, names);
  return (
    <Card title="What can be said">
      {inseparable.length > 0 && (
        <div className={styles.apart} role="note">
          <WarningIcon />
          <div>
            <h3>What cannot be told apart</h3>
            <ul className={styles.sentences}>
              {inseparable.map(({ components, why }) => (
                <li key={why}>
                  {capital(componentList(components))}: {readable(why, names)}. What is said of one
                  may be due to {components.length > 2 ? "any other" : "the other"}.
                </li>
              ))}
            </ul>
          </div>
        </div>
      )}
      <div className={styles.verdict} data-verdict={verdict.kind}>
        <h3 className={styles.title}>{verdictTitle(verdict)}</h3>
        {verdictWords(verdict).map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        {suspects.length > 0 && (
          <ol className={styles.suspects}>
            {suspects.map((suspect) => (
              <SuspectItem key={suspect.components.join()} suspect={suspect} names={names} />
            ))}
          </ol>
        )}
        <p className="muted">
          A component is named where chance alone would do as much less than {oneIn(alpha)} times,
          after all components were asked about (Holm).
        </p>
      </div>
      {(reserved.length > 0 || left_out.length > 0) && (
        <details className={styles.more}>
          <summary>What is not said, and why</summary>
          <ul className={styles.sentences}>
            {reserved.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
            {left_out.map(({ boots, why }) => (
              <li key={why}>
                {count(boots, "boot")} left out: {why}.
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

function SuspectItem({ suspect, names }: { suspect: Suspect; names: readonly Named[] }) {
  const { components, evidence, p_adjusted } = suspect;
  return (
    <li>
      <h4 className={styles.suspect}>
        {capital(componentList(components))}{" "}
        <span className="muted">
          {components.length > 1 ? "cannot be told apart, " : ""}chance alone: {formatP(p_adjusted)}
        </span>
      </h4>
      <ul className={styles.sentences}>
        {evidence.map((sentence) => (
          <li key={sentence}>{readable(sentence, names)}</li>
        ))}
      </ul>
    </li>
  );
}
