/** Places a time between two others onto a line of that length. */
export function timeScale(from: number, to: number, length: number): (at: number) => number {
  const span = Math.max(1, to - from);
  return (at) => ((Math.min(to, Math.max(from, at)) - from) / span) * length;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const STEPS = [
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  60 * MINUTE,
  3 * 60 * MINUTE,
  6 * 60 * MINUTE,
  12 * 60 * MINUTE,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
  60 * DAY,
  90 * DAY,
  180 * DAY,
  365 * DAY,
];

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Round moments between two times, at most that many. */
export function timeTicks(from: number, to: number, most: number): Tick[] {
  const span = Math.max(1, to - from);
  const step = STEPS.find((candidate) => span / candidate <= most) ?? span / most;
  const format = new Intl.DateTimeFormat(
    "en-GB",
    step < DAY
      ? { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
      : { day: "numeric", month: "short", year: span > 300 * DAY ? "numeric" : undefined },
  );
  const ticks: Tick[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    ticks.push({ at, label: format.format(at) });
  }
  return ticks;
}
