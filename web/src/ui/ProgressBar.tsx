import type { Operation } from "../api/types";
import { formatBytes, formatDuration, formatPercent, formatRate } from "./format";
import styles from "./ProgressBar.module.css";

/** How far a running operation is: what it does, bytes, rate and time left. */
export function OperationProgress({ progress }: { progress: NonNullable<Operation["progress"]> }) {
  const { step, done_bytes, total_bytes, rate_bytes_per_second, left_seconds } = progress;
  const share = total_bytes ? done_bytes / total_bytes : null;
  const words = [
    done_bytes > 0 &&
      (total_bytes
        ? `${formatBytes(done_bytes)} of ${formatBytes(total_bytes)}`
        : formatBytes(done_bytes)),
    rate_bytes_per_second > 0 && formatRate(rate_bytes_per_second),
    typeof left_seconds === "number" && `${formatDuration(left_seconds)} left`,
  ].filter((word): word is string => typeof word === "string");
  return (
    <div className={styles.progress}>
      {share !== null && <Bar share={share} label={step} />}
      <p className={styles.words}>
        <span>{step}</span>
        {words.map((word) => (
          <span key={word} className="number">
            {word}
          </span>
        ))}
      </p>
    </div>
  );
}

export function Bar({ share, label }: { share: number; label: string }) {
  const percent = Math.min(100, Math.max(0, share * 100));
  return (
    <div
      className={styles.bar}
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.floor(percent)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={formatPercent(share)}
    >
      <div className={styles.fill} style={{ width: `${percent}%` }} />
    </div>
  );
}

interface MeterProps {
  share: number;
  label: string;
  /** From here on somebody should make room. */
  warnFrom?: number;
  /** From here on it is urgent. */
  fullFrom?: number;
}

/** How full something is. */
export function Meter({ share, label, warnFrom = 1.1, fullFrom = 0.9 }: MeterProps) {
  const percent = Math.min(100, Math.max(0, share * 100));
  const look = share >= fullFrom ? styles.full : share >= warnFrom ? styles.filling : "";
  return (
    <div
      className={styles.bar}
      role="meter"
      aria-label={label}
      aria-valuenow={Math.floor(percent)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={formatPercent(share)}
    >
      <div className={`${styles.fill} ${look}`} style={{ width: `${percent}%` }} />
    </div>
  );
}
