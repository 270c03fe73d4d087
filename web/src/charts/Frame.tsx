import type { Axis } from "./axis";
import styles from "./Frame.module.css";

/** The axis along the foot of a picture, with a line up from each of its marks. */
export function Foot({ axis, top, foot, word }: FootProps) {
  const middle = (axis.place(axis.from) + axis.place(axis.to)) / 2;
  return (
    <g className={styles.axis}>
      {axis.marks.map(({ at, label }) => (
        <g key={at}>
          <line x1={axis.place(at)} x2={axis.place(at)} y1={top} y2={foot} />
          <text x={axis.place(at)} y={foot + 16} textAnchor="middle">
            {label}
          </text>
        </g>
      ))}
      <text x={middle} y={foot + 34} textAnchor="middle">
        {word}
      </text>
    </g>
  );
}

interface FootProps {
  axis: Axis;
  top: number;
  foot: number;
  /** What is measured along it. */
  word: string;
}

/** How high `Foot` is. */
export const FOOT_HEIGHT = 40;

/** The axis up the side of a picture, with a line across from each of its marks. */
export function Side({ axis, left, right }: { axis: Axis; left: number; right: number }) {
  return (
    <g className={styles.axis}>
      {axis.marks.map(({ at, label }) => (
        <g key={at}>
          <line x1={left} x2={right} y1={axis.place(at)} y2={axis.place(at)} />
          <text x={left - 8} y={axis.place(at) + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
    </g>
  );
}
