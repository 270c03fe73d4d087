import { useQuery } from "@tanstack/react-query";

import { serverState } from "../api/queries";
import styles from "./Shell.module.css";

/** A server that was restored from a backup does nothing until its appliances are known again. */
export function ServerNote() {
  const { data } = useQuery(serverState());
  if (!data?.held) return null;
  return (
    <p className={styles.note} role="status">
      <strong>Held after a restore.</strong> Nothing is asked of appliances until each has told what
      it did: {data.appliances_reconciled} of {data.appliances_total} have.
    </p>
  );
}
