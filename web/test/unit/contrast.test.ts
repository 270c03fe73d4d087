import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

// Tests run in the folder of package.json.
const css = readFileSync("src/styles/tokens.css", "utf8");

/** The light and the dark value of each colour. */
const tokens = new Map(
  [...css.matchAll(/--([a-z-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g)].map(
    ([, name = "", light = "", dark = ""]) => [name, { light, dark }] as const,
  ),
);

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ["ground", "surface", "raised", "hover", "selected", "sunken"];
const READ: Array<[string, string]> = [
  ...["text", "muted", "accent", "accent-strong", "danger"].flatMap((ink) =>
    GROUNDS.map((ground): [string, string] => [ink, ground]),
  ),
  ...["good", "warn", "bad", "info"].flatMap((ink): Array<[string, string]> => [
    [ink, `${ink}-soft`],
    [ink, "surface"],
    [ink, "hover"],
    [ink, "selected"],
  ]),
  // The series of charts are labelled in their colours.
  ...[..."abcdefgh"].map((letter): [string, string] => [`series-${letter}`, "surface"]),
  ["muted", "quiet-soft"],
  ["text", "warn-soft"],
  ["text", "bad-soft"],
  ["danger", "bad-soft"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
];

test.each(["light", "dark"] as const)("every text can be read on its ground, %s", (theme) => {
  const poor = READ.map(([ink, ground]) => {
    const [a, b] = [tokens.get(ink)?.[theme], tokens.get(ground)?.[theme]];
    if (!a || !b) return `${ink} or ${ground} is no token`;
    const ratio = contrast(a, b);
    return ratio < 4.5 ? `${ink} on ${ground}: ${ratio.toFixed(2)}` : null;
  });

  expect(poor.filter(Boolean)).toEqual([]);
});

test.each(["light", "dark"] as const)(
  "borders of controls and the focus can be seen, %s",
  (theme) => {
    for (const line of ["line-strong", "focus"]) {
      for (const ground of ["ground", "surface", "raised"]) {
        const [a, b] = [tokens.get(line)?.[theme] ?? "", tokens.get(ground)?.[theme] ?? ""];
        expect(contrast(a, b), `${line} on ${ground}`).toBeGreaterThanOrEqual(3);
      }
    }
  },
);
