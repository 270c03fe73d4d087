import { useRef, type KeyboardEvent } from "react";

import type { Tone } from "../ui/Badge";
import { nextMark } from "./nextMark";
import styles from "./Lanes.module.css";
import { timeScale, timeTicks } from "./scale";
import { useWidth } from "./useWidth";

export interface LaneMark {
  readonly id: string;
  readonly lane: string;
  readonly from: number;
  /** Until when, where it lasted. */
  readonly to: number | null;
  readonly tone: Tone;
}

interface LanesProps<T extends LaneMark> {
  lanes: ReadonlyArray<readonly [string, string]>;
  /** Oldest first. */
  marks: readonly T[];
  from: number;
  to: number;
  summary: string;
  /** What it is, for pointers and for screen readers. */
  words: (mark: T) => string;
  current: T | undefined;
  onCurrent: (mark: T) => void;
  onOpen: (mark: T) => void;
}

const LANE = 34;
const BAR = 16;
const LABEL = 96;
const AXIS = 34;

/** Marks of several kinds on one axis of time. One tab stop leads in; arrows go from mark to mark. */
export function Lanes<T extends LaneMark>(props: LanesProps<T>) {
  const { lanes, marks, from, to, summary, words, current, onCurrent, onOpen } = props;
  const [frame, width] = useWidth(900);
  const svg = useRef<SVGSVGElement>(null);
  const x = timeScale(from, to, Math.max(80, width - LABEL - 8));
  const height = lanes.length * LANE;
  const stop = current ?? marks.at(-1);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" && current) {
      event.preventDefault();
      onOpen(current);
      return;
    }
    const next = nextMark(
      lanes.map(([lane]) => lane),
      marks,
      current,
      event.key,
    );
    if (!next) return;
    event.preventDefault();
    svg.current?.querySelector<SVGElement>(`[data-mark="${marks.indexOf(next)}"]`)?.focus();
  };

  return (
    <div ref={frame} className={styles.frame} onKeyDown={onKeyDown}>
      <svg ref={svg} width={width} height={height + AXIS} role="group" aria-label={summary}>
        {lanes.map(([lane, word], index) => (
          <g key={lane} aria-hidden="true" className={styles.lane}>
            <text x="0" y={index * LANE + LANE / 2 + 4}>
              {word}
            </text>
            <line x1={LABEL} x2={width} y1={index * LANE + LANE / 2} y2={index * LANE + LANE / 2} />
          </g>
        ))}
        {timeTicks(from, to, Math.max(2, Math.floor((width - LABEL) / 130))).map((tick) => (
          <g key={tick.at} aria-hidden="true" className={styles.tick}>
            <line x1={LABEL + x(tick.at)} x2={LABEL + x(tick.at)} y1="0" y2={height + 6} />
            <text
              x={Math.min(width - 40, Math.max(LABEL + 34, LABEL + x(tick.at)))}
              y={height + 22}
              textAnchor="middle"
            >
              {tick.label}
            </text>
          </g>
        ))}
        {marks.map((mark, index) => {
          const left = LABEL + x(mark.from);
          const middle = lanes.findIndex(([lane]) => lane === mark.lane) * LANE + LANE / 2;
          return (
            <g
              key={mark.id}
              role="img"
              aria-label={words(mark)}
              tabIndex={mark === stop ? 0 : -1}
              data-mark={index}
              data-lane={mark.lane}
              className={`${styles.mark} ${styles[mark.tone]} ${mark === current ? styles.current : ""}`}
              onFocus={() => onCurrent(mark)}
              onPointerEnter={() => onCurrent(mark)}
              onClick={() => onOpen(mark)}
            >
              <title>{words(mark)}</title>
              {mark.to === null ? (
                <path d={shapeOf(mark.tone, left, middle)} />
              ) : (
                <rect
                  x={left}
                  y={middle - BAR / 2}
                  width={Math.max(3, LABEL + x(mark.to) - left)}
                  height={BAR}
                  rx="3"
                />
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** What went wrong is a triangle, everything else a diamond: colour alone says nothing. */
function shapeOf(tone: Tone, x: number, y: number): string {
  if (tone === "bad" || tone === "warn") return `M${x} ${y - 8}l8 14h-16z`;
  return `M${x} ${y - 7}l7 7l-7 7l-7 -7z`;
}
