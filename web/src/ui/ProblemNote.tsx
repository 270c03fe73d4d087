import type { ReactNode } from "react";

import { asProblem } from "../api/problem";
import { CopyId } from "./CopyId";
import { WarningIcon } from "./icons";
import styles from "./ProblemNote.module.css";

/** What was refused, what to do about it, and what to quote when asking for help. */
export function ProblemNote({ problem: thrown, action }: { problem: unknown; action?: ReactNode }) {
  const problem = asProblem(thrown);
  return (
    <div role="alert" className={styles.note}>
      <WarningIcon />
      <div className={styles.words}>
        <p className={styles.title}>{problem.message}</p>
        {problem.whatToDo && <p>{problem.whatToDo}</p>}
        {Object.entries(problem.fields).map(([field, message]) => (
          <p key={field}>
            <strong>{field.replaceAll("_", " ")}</strong>: {message}
          </p>
        ))}
        {problem.requestId && (
          <p className={styles.request}>
            Request <CopyId id={problem.requestId} what="request id" />
          </p>
        )}
        {action}
      </div>
    </div>
  );
}
