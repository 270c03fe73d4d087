import type { Finding } from "../api/types";
import styles from "./FindingContext.module.css";

/** The line that was found, between those around it. */
export function FindingContext({ finding }: { finding: Finding }) {
  const { before = [], text, after = [], line, file } = finding;
  const first = line - before.length;
  return (
    <pre className={styles.context} tabIndex={0} aria-label={`${file} around line ${line}`}>
      {[...before, text, ...after].map((shown, index) => {
        const number = first + index;
        return (
          <span key={number} className={number === line ? styles.hit : styles.line}>
            <span className={styles.number}>{number}</span>
            {shown}
            {"\n"}
          </span>
        );
      })}
    </pre>
  );
}
