// Numbers of statistics as people read them.

/** A value with its interval; no `value` or `high` where no number is large enough. */
export interface RangeOf {
  readonly value?: number | null;
  readonly low: number;
  readonly high?: number | null;
}

/** Three digits: "0.0123", "4.60", "25.1", "1,204". */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 99.95) return Math.round(value).toLocaleString("en-GB");
  return size < 0.0005 ? value.toExponential(1) : value.toPrecision(3);
}

/** "25.1 (11.5 to 47.6)". */
export function formatRange({ value, low, high }: RangeOf): string {
  const bottom = formatNumber(low);
  if (typeof value !== "number") return `beyond any number (at least ${bottom})`;
  const top = typeof high === "number" ? formatNumber(high) : "any number";
  return `${formatNumber(value)} (${bottom} to ${top})`;
}

/** A probability; what is very small is as good as any other that is. */
export function formatP(p: number): string {
  if (p < 1e-6) return "< 0.000001";
  if (p >= 0.0995) return p > 0.995 ? "1" : p.toFixed(2);
  if (p >= 0.001) return p.toFixed(3);
  return p.toFixed(1 - Math.floor(Math.log10(p)));
}

/** The same in a sentence: "p = 0.042". */
export function pWords(p: number): string {
  const text = formatP(p);
  return text.startsWith("<") ? `p ${text}` : `p = ${text}`;
}

export function formatDays(days: number): string {
  const digits = days < 10 ? 1 : 0;
  return days.toLocaleString("en-GB", { maximumFractionDigits: digits });
}

/** "one in 100" for 0.01. */
export function oneIn(share: number): string {
  return `one in ${Math.round(1 / share).toLocaleString("en-GB")}`;
}
