// Where numbers lie in a picture, and which of them are written at its edge.

export interface Mark {
  readonly at: number;
  readonly label: string;
}

export interface Axis {
  readonly from: number;
  readonly to: number;
  /** What lies beyond the ends is placed at them. */
  readonly place: (value: number) => number;
  readonly marks: readonly Mark[];
}

/** A stretch of the picture, in pixels; its start may be right or below. */
export type Stretch = readonly [start: number, end: number];

/** From nothing to `to`, with about `most` round numbers along it. */
export function linearAxis(to: number, stretch: Stretch, most: number): Axis {
  const end = to > 0 ? to : 1;
  const step = roundStep(end / Math.max(1, most));
  const marks: Mark[] = [];
  for (let count = 0; count * step <= end * (1 + 1e-9); count += 1) {
    marks.push({ at: count * step, label: plain(count * step) });
  }
  return { from: 0, to: end, place: placing(0, end, stretch, (value) => value), marks };
}

/** From one number above nothing to another, each factor as long as the same factor elsewhere. */
export function logAxis(from: number, to: number, stretch: Stretch): Axis {
  const decades = Math.log10(to / from);
  const within = decades > 3 ? [1] : [1, 2, 5];
  const marks: Mark[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power += 1) {
    for (const digit of within) {
      const at = Number(`${digit}e${power}`);
      if (at >= from * (1 - 1e-9) && at <= to * (1 + 1e-9)) marks.push({ at, label: plain(at) });
    }
  }
  return { from, to, place: placing(from, to, stretch, Math.log), marks };
}

/** The smallest of 1, 2 and 5 and their tenfolds and tenths that is no less. */
export function roundStep(least: number): number {
  const power = Math.floor(Math.log10(least));
  const digit = least / 10 ** power;
  const round = [1, 2, 5, 10].find((candidate) => digit <= candidate * (1 + 1e-9)) ?? 10;
  return Number(`${round}e${power}`);
}

function placing(from: number, to: number, [start, end]: Stretch, bent: (value: number) => number) {
  const [first, last] = [bent(from), bent(to)];
  return (value: number) => {
    const share = (bent(Math.min(to, Math.max(from, value))) - first) / (last - first);
    return start + share * (end - start);
  };
}

function plain(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString("en-GB", { maximumFractionDigits: 6 });
}

/** An interval whose ends are farther apart than by this factor says next to nothing. */
const VAGUE = 20;

/**
 * Where an axis of rates ends: with the last of those that say something. What was hardly watched goes
 * over the edge, so that the others can be told apart.
 */
export function endOfRates(rates: ReadonlyArray<{ low: number; high: number }>): number {
  const highs = rates.map(({ high }) => high).filter((high) => Number.isFinite(high));
  if (highs.length === 0) return 1;
  const least = Math.min(...highs);
  const sure = rates.filter(({ low, high }) => high < VAGUE * low).map(({ high }) => high);
  return sure.length > 0 ? Math.max(...sure, least) : Math.min(Math.max(...highs), 4 * least);
}

/** Between which ratios an axis of them lies: as wide as it must, and never beyond a hundredfold. */
export function endsOfRatios(
  ratios: ReadonlyArray<{ low: number; high: number }>,
): readonly [number, number] {
  const lows = ratios.map(({ low }) => low).filter((low) => low > 0);
  const highs = ratios.map(({ high }) => high).filter((high) => Number.isFinite(high));
  return [Math.max(0.01, Math.min(0.5, ...lows)), Math.min(100, Math.max(2, ...highs))];
}
