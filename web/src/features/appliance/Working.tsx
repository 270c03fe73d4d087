import { Link } from "@tanstack/react-router";

import type { Operation } from "../../api/types";
import { useOperation } from "../../live/operations";
import { operationTitle } from "../../ui/format";
import { OperationActions } from "../../ui/OperationsTable";
import { OperationProgress } from "../../ui/ProgressBar";
import { SpokenProgress } from "../../ui/SpokenProgress";
import { OperationStateBadge } from "../../ui/states";
import styles from "./AppliancePage.module.css";

/** An operation that works on something, beside what it works on. */
export function Working({ seen }: { seen: Operation }) {
  const operation = useOperation(seen);
  const { id, kind, state, progress } = operation;
  return (
    <div className={styles.condition}>
      <span className="line">
        <Link to="/operations/$id" params={{ id }} className={styles.small}>
          {operationTitle(kind)} <OperationStateBadge state={state} bare />
        </Link>
        <OperationActions seen={seen} />
      </span>
      {progress && <OperationProgress progress={progress} />}
      <SpokenProgress operation={operation} />
    </div>
  );
}
