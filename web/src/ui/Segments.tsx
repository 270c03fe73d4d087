import styles from "./Segments.module.css";

export interface Segment<K> {
  readonly value: K;
  readonly word: string;
  /** How many there are of it, where that is known. */
  readonly count?: number | undefined;
}

interface SegmentsProps<K> {
  label: string;
  value: K;
  segments: readonly Segment<K>[];
  onChange: (value: K) => void;
}

/** A few choices side by side, one of which holds. */
export function Segments<K extends string | null>(props: SegmentsProps<K>) {
  const { label, value: held, segments, onChange } = props;
  const hasCounts = segments.some((segment) => "count" in segment);
  return (
    <div role="group" aria-label={label} className={styles.segments}>
      {segments.map(({ value, word, count }) => (
        <button
          key={value ?? ""}
          type="button"
          className={styles.segment}
          aria-pressed={held === value}
          onClick={() => onChange(value)}
        >
          {word} {hasCounts && <span className={styles.count}>{count ?? ""}</span>}
        </button>
      ))}
    </div>
  );
}
