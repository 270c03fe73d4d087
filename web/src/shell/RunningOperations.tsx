import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { activeOperations, openAlarms, pendingAppliances } from "../api/queries";
import { OperationIcon } from "../ui/icons";
import styles from "./Shell.module.css";

/** How many operations are under way, always in reach. */
export function RunningOperations() {
  const { data } = useQuery(activeOperations());
  const total = data?.total ?? 0;
  return (
    <Link to="/operations" search={{ state: "active" }} className={styles.tool}>
      <OperationIcon />
      {total > 0 ? (
        <>
          <span className={styles.count}>{total}</span>
          <span className={styles.word}>in progress</span>
        </>
      ) : (
        <span className={styles.word}>Nothing in progress</span>
      )}
      <span className="hidden">Operations in progress: {total}</span>
    </Link>
  );
}

/** How many alarms are not over. */
export function OpenAlarms() {
  const { data } = useQuery(openAlarms());
  if (!data?.total) return null;
  return (
    <span className={styles.count}>
      {data.total}
      <span className="hidden"> not over</span>
    </span>
  );
}

/** How many appliances wait to be accepted. */
export function PendingCount() {
  const { data } = useQuery(pendingAppliances());
  if (!data?.total) return null;
  return (
    <span className={styles.count}>
      {data.total}
      <span className="hidden"> pending</span>
    </span>
  );
}
