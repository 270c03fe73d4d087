import type { Operation } from "../../api/types";
import { formatBytes, formatDuration, formatRate } from "../../ui/format";
import { Bar } from "../../ui/ProgressBar";
import styles from "./OperationsPage.module.css";

/** Progress on one line of a table. */
export function InlineProgress({ progress }: { progress: NonNullable<Operation["progress"]> }) {
  const { step, done_bytes, total_bytes, rate_bytes_per_second: rate, left_seconds } = progress;
  const words = [
    done_bytes > 0 && formatBytes(done_bytes),
    rate > 0 && formatRate(rate),
    typeof left_seconds === "number" && `${formatDuration(left_seconds)} left`,
  ].filter(Boolean);
  return (
    <span className={styles.progress}>
      {total_bytes ? <Bar share={done_bytes / total_bytes} label={step} /> : null}
      <span className={styles.progressWords} title={[step, ...words].join(", ")}>
        {[step, ...words].join(" · ")}
      </span>
    </span>
  );
}
