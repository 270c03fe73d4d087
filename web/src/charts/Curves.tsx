import { linearAxis, type Axis } from "./axis";
import styles from "./Curves.module.css";
import { FOOT_HEIGHT, Foot, Side } from "./Frame";
import { clip, look } from "./looks";
import { bandPath, spread, stepPath, watchedAt, type Step } from "./steps";

export interface Series {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Which look it has. */
  readonly at: number;
}

interface CurvesProps {
  series: readonly Series[];
  width: number;
  /** Whose bands are drawn. */
  banded: readonly string[];
}

const TOP = 10;
const PLOT = 260;
const RISK_HEAD = 22;
const RISK_ROW = 18;
const NARROW = 620;

export function curvesHeight(count: number): number {
  return TOP + PLOT + FOOT_HEIGHT + RISK_HEAD + count * RISK_ROW + 6;
}

/** Which share is still left at which uptime, and below how many were watched. */
export function Curves({ series, width, banded }: CurvesProps) {
  const narrow = width < NARROW;
  const left = narrow ? 46 : 130;
  const right = width - (narrow ? 16 : 130);
  const last = Math.max(1, ...series.map(({ steps }) => steps.at(-1)?.days ?? 0));
  const x = linearAxis(last, [left, right], Math.max(2, Math.floor((right - left) / 90)));
  const y: Axis = {
    ...linearAxis(1, [TOP + PLOT, TOP], 4),
    marks: [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, label: `${at * 100} %` })),
  };
  const foot = TOP + PLOT;
  const ends = series.map(({ steps }) => y.place(steps.at(-1)?.survival ?? 1));
  const labels = spread(ends, 15, TOP + 4, foot - 2);
  return (
    <>
      <Side axis={y} left={left} right={right} />
      <Foot axis={x} top={TOP} foot={foot} word="Uptime in days" />
      {series.map(
        ({ name, steps, at }) =>
          banded.includes(name) && (
            <path
              key={name}
              className={styles.band}
              d={bandPath(steps, x.place, y.place)}
              fill={look(at).ink}
            />
          ),
      )}
      {series.map(({ name, steps, at }, index) => {
        const { ink, dash } = look(at);
        const end = x.place(steps.at(-1)?.days ?? 0);
        const label = labels[index] ?? 0;
        return (
          <g key={name}>
            <path
              className={styles.curve}
              d={stepPath(steps, x.place, y.place)}
              stroke={ink}
              strokeDasharray={dash}
            />
            {!narrow && (
              <>
                <path
                  className={styles.leader}
                  d={`M${end + 2} ${ends[index] ?? 0}L${right + 6} ${label}`}
                  stroke={ink}
                />
                <text className={styles.label} x={right + 9} y={label + 4} fill={ink}>
                  {clip(name, 17)}
                  <title>{name}</title>
                </text>
              </>
            )}
          </g>
        );
      })}
      <AtRisk series={series} axis={x} left={left} top={foot + FOOT_HEIGHT} narrow={narrow} />
    </>
  );
}

interface AtRiskProps {
  series: readonly Series[];
  axis: Axis;
  left: number;
  top: number;
  narrow: boolean;
}

function AtRisk({ series, axis, left, top, narrow }: AtRiskProps) {
  return (
    <g className={styles.risk}>
      <text x="0" y={top + 14}>
        Watched at the next death
      </text>
      {series.map(({ name, steps, at }, index) => {
        const { ink, dash } = look(at);
        const y = top + RISK_HEAD + index * RISK_ROW + 12;
        return (
          <g key={name}>
            <path
              className={styles.curve}
              d={`M0 ${y - 4}h18`}
              stroke={ink}
              strokeDasharray={dash}
            />
            {!narrow && (
              <text x="24" y={y}>
                {clip(name, Math.floor((left - 50) / 7))}
              </text>
            )}
            {axis.marks.map((mark) => (
              <text key={mark.at} x={axis.place(mark.at)} y={y} textAnchor="middle">
                {watchedAt(steps, mark.at)?.toLocaleString("en-GB") ?? "–"}
              </text>
            ))}
          </g>
        );
      })}
    </g>
  );
}
