import type { Tone } from "../ui/Badge";
import { timeScale, timeTicks } from "./scale";
import styles from "./Timeline.module.css";
import { useWidth } from "./useWidth";

export interface Span {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly tone: Tone;
  /** What it is, for the pointer. */
  readonly title: string;
  /** It goes on. */
  readonly open?: boolean;
}

const HEIGHT = 64;
const BAR = 22;

/**
 * Spans of time on one line; what lies between them is a gap. A picture of a list that stands
 * beside it: screen readers are told its summary, and read the list.
 */
export function Timeline({ spans, summary }: { spans: readonly Span[]; summary: string }) {
  const [frame, width] = useWidth(900);
  const from = Math.min(...spans.map((span) => span.from));
  const to = Math.max(...spans.map((span) => span.to));
  const x = timeScale(from, to, width - 2);
  return (
    <div ref={frame} className={styles.frame}>
      <svg width={width} height={HEIGHT} role="img" aria-label={summary}>
        <line x1="0" x2={width} y1={BAR / 2 + 4} y2={BAR / 2 + 4} className={styles.gap} />
        {spans.map((span) => {
          const left = x(span.from);
          const wide = Math.max(3, x(span.to) - left - 1);
          return (
            <g key={span.id} className={styles[span.tone]}>
              <title>{span.title}</title>
              <rect x={left + 1} y="4" width={wide} height={BAR} rx="3" className={styles.span} />
              {!span.open && (
                <rect
                  x={left + 1 + Math.max(0, wide - 4)}
                  y="4"
                  width={Math.min(4, wide)}
                  height={BAR}
                  className={styles.end}
                />
              )}
            </g>
          );
        })}
        {timeTicks(from, to, Math.max(3, Math.floor(width / 130))).map((tick) => (
          <g key={tick.at} className={styles.tick}>
            <line x1={x(tick.at)} x2={x(tick.at)} y1={BAR + 10} y2={BAR + 16} />
            <text
              x={Math.min(width - 40, Math.max(34, x(tick.at)))}
              y={BAR + 31}
              textAnchor="middle"
            >
              {tick.label}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}
