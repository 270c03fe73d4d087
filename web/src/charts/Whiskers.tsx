import type { Axis } from "./axis";
import { FOOT_HEIGHT, Foot } from "./Frame";
import { clip } from "./looks";
import styles from "./Whiskers.module.css";

/** A number with its interval. */
export interface Whisker {
  readonly key: string;
  readonly label: string;
  /** Beside it, in words. */
  readonly words: string;
  /** Nothing where no number is large enough, or none is known; then `words` says so. */
  readonly value: number | null;
  readonly low: number;
  /** Nothing where it has no end. */
  readonly high: number | null;
  /** Up to where it would be, were something that is not known as bad as can be. */
  readonly band?: { readonly to: number; readonly high: number } | undefined;
}

interface WhiskersProps {
  whiskers: readonly Whisker[];
  width: number;
  axis: (stretch: readonly [number, number], most: number) => Axis;
  /** What is measured. */
  word: string;
  /** A line to compare with. */
  line?: number;
}

const NARROW = 620;
const TOP = 6;

const rowHeight = (width: number) => (width < NARROW ? 46 : 30);

export function whiskersHeight(count: number, width: number): number {
  return TOP + count * rowHeight(width) + FOOT_HEIGHT;
}

/** Numbers with their intervals under each other, on one axis. */
export function Whiskers({ whiskers, width, axis: axisOn, word, line }: WhiskersProps) {
  const narrow = width < NARROW;
  const left = narrow ? 8 : Math.min(260, Math.round(width * 0.28));
  const right = width - (narrow ? 8 : Math.min(260, Math.round(width * 0.26)));
  const axis = axisOn([left + 6, right - 12], Math.floor((right - left) / 80));
  const tall = rowHeight(width);
  const foot = TOP + whiskers.length * tall;
  return (
    <>
      <Foot axis={axis} top={TOP} foot={foot} word={word} />
      {line !== undefined && (
        <line
          className={styles.line}
          x1={axis.place(line)}
          x2={axis.place(line)}
          y1={TOP}
          y2={foot}
        />
      )}
      {whiskers.map((whisker, index) => {
        const top = TOP + index * tall;
        const middle = narrow ? top + 33 : top + tall / 2;
        const words = narrow ? top + 16 : middle + 4;
        return (
          <g key={whisker.key}>
            <text
              className={styles.label}
              x={narrow ? 0 : left - 10}
              y={words}
              textAnchor={narrow ? "start" : "end"}
            >
              {clip(whisker.label, Math.floor(narrow ? width / 18 : left / 7.2))}
              <title>{whisker.label}</title>
            </text>
            <Drawn whisker={whisker} axis={axis} y={middle} />
            <text
              className={styles.words}
              x={narrow ? width : right + 8}
              y={words}
              textAnchor={narrow ? "end" : "start"}
            >
              {clip(whisker.words, Math.floor(narrow ? width / 13 : (width - right) / 6.9))}
              <title>{whisker.words}</title>
            </text>
          </g>
        );
      })}
    </>
  );
}

function Drawn({ whisker, axis, y }: { whisker: Whisker; axis: Axis; y: number }) {
  const { value, low, high, band } = whisker;
  if (value === null && low <= 0) return null;
  const x = axis.place;
  const [start, end] = [x(low), x(high ?? axis.to)];
  const isSeen = value !== null && value >= axis.from && value <= axis.to;
  const goesOn = high === null || high > axis.to;
  return (
    <>
      {band && value !== null && (
        <>
          <rect
            className={styles.band}
            x={x(value)}
            y={y - 7}
            width={Math.max(0, x(band.to) - x(value))}
            height={14}
          />
          <line
            className={styles.perhaps}
            x1={end}
            x2={Math.max(end, x(band.high))}
            y1={y}
            y2={y}
          />
        </>
      )}
      <line className={styles.whisker} x1={start} x2={end} y1={y} y2={y} />
      {low >= axis.from ? (
        <line className={styles.whisker} x1={start} x2={start} y1={y - 4} y2={y + 4} />
      ) : (
        <path className={styles.arrow} d={`M${start} ${y}l7 -4v8z`} />
      )}
      {goesOn ? (
        <path className={styles.arrow} d={`M${end + 6} ${y}l-7 -4v8z`} />
      ) : (
        <line className={styles.whisker} x1={end} x2={end} y1={y - 4} y2={y + 4} />
      )}
      {isSeen && <circle className={styles.dot} cx={x(value)} cy={y} r={4.5} />}
    </>
  );
}
