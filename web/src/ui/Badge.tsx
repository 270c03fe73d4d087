import type { ReactNode } from "react";

import styles from "./Badge.module.css";

export type Tone = "good" | "warn" | "bad" | "info" | "quiet";
export type Shape = "disc" | "ring" | "half" | "square" | "cross" | "triangle" | "spin";

interface BadgeProps {
  tone: Tone;
  shape: Shape;
  children: ReactNode;
  /** Without a ground, for tables. */
  bare?: boolean;
}

/** A state: a shape, a colour and a word, so that none of them is needed to tell it. */
export function Badge({ tone, shape, children, bare = false }: BadgeProps) {
  return (
    <span className={`${styles.badge} ${styles[tone]} ${bare ? styles.bare : ""}`}>
      <Mark shape={shape} />
      <span className={styles.word}>{children}</span>
    </span>
  );
}

function Mark({ shape }: { shape: Shape }) {
  return (
    <svg
      className={shape === "spin" ? styles.spin : undefined}
      width="10"
      height="10"
      viewBox="0 0 10 10"
      aria-hidden="true"
    >
      {MARKS[shape]}
    </svg>
  );
}

const ring = { fill: "none", stroke: "currentColor", strokeWidth: 1.75 };

const MARKS: Record<Shape, ReactNode> = {
  disc: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  ring: <circle cx="5" cy="5" r="3.500" {...ring} />,
  half: (
    <>
      <circle cx="5" cy="5" r="3.500" {...ring} />
      <path d="M5 1.500a3.500 3.500 0 0 1 0 7z" fill="currentColor" />
    </>
  ),
  square: <rect x="1.500" y="1.500" width="7" height="7" rx="1" fill="currentColor" />,
  cross: <path d="m2 2 6 6M8 2 2 8" {...ring} strokeLinecap="round" />,
  triangle: <path d="M5 1 9.500 9h-9z" fill="currentColor" />,
  spin: <path d="M5 1.500A3.500 3.500 0 1 1 1.500 5" {...ring} strokeLinecap="round" />,
};
