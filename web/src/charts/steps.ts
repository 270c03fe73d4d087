// Curves that go down in steps, as paths of a drawing.

export interface Step {
  readonly days: number;
  readonly at_risk: number;
  readonly survival: number;
  readonly low?: number | null;
  readonly high?: number | null;
}

type Place = (value: number) => number;
type Point = readonly [days: number, share: number];

/** All of them are left until the first step. Empty where there is none. */
export function stepPath(steps: readonly Step[], x: Place, y: Place): string {
  if (steps.length === 0) return "";
  const down = steps.map((step) => `H${px(x(step.days))}V${px(y(step.survival))}`);
  return `M${px(x(0))} ${px(y(1))}${down.join("")}`;
}

/** The band around it. It ends where nobody is left, since nothing is sure or unsure there. */
export function bandPath(steps: readonly Step[], x: Place, y: Place): string {
  if (steps.length === 0) return "";
  const upper: Point[] = [[0, 1]];
  const lower: Point[] = [[0, 1]];
  const [high, low] = [{ last: 1 }, { last: 1 }];
  for (const step of steps) {
    upper.push([step.days, high.last]);
    lower.push([step.days, low.last]);
    if (typeof step.high !== "number" || typeof step.low !== "number") break;
    [high.last, low.last] = [step.high, step.low];
    upper.push([step.days, step.high]);
    lower.push([step.days, step.low]);
  }
  const points = [...upper, ...lower.toReversed()];
  return `M${points.map(([days, share]) => `${px(x(days))} ${px(y(share))}`).join("L")}Z`;
}

/** How many were watched at the first step at that time or later; nothing after the last one. */
export function watchedAt(steps: readonly Step[], days: number): number | null {
  return steps.find((step) => step.days >= days)?.at_risk ?? null;
}

/** Moves heights apart until each is `least` from the next, in the order in which they lay. */
export function spread(
  wanted: readonly number[],
  least: number,
  top: number,
  bottom: number,
): number[] {
  const order = wanted.map((_, index) => index).toSorted((a, b) => at(wanted, a) - at(wanted, b));
  const placed = [...wanted];
  let free = top;
  for (const index of order) {
    placed[index] = Math.max(at(placed, index), free);
    free = at(placed, index) + least;
  }
  let floor = bottom;
  for (const index of order.toReversed()) {
    placed[index] = Math.min(at(placed, index), floor);
    floor = at(placed, index) - least;
  }
  return placed;
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}

function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}
