import { expect, test } from "vitest";

import { endOfRates, endsOfRatios, linearAxis, logAxis, roundStep } from "../../src/charts/axis";
import { clip, look, MOST_SERIES } from "../../src/charts/looks";
import { csvText, fileName, svgText } from "../../src/charts/save";
import { bandPath, spread, stepPath, watchedAt } from "../../src/charts/steps";

const labels = (marks: ReadonlyArray<{ label: string }>) => marks.map(({ label }) => label);

test("an axis begins with nothing and is marked by round numbers", () => {
  const axis = linearAxis(47.6, [100, 576], 5);

  expect(labels(axis.marks)).toEqual(["0", "10", "20", "30", "40"]);
  expect([0, 23.8, 47.6, 90].map(axis.place)).toEqual([100, 338, 576, 576]);
  expect(labels(linearAxis(1234, [0, 100], 3).marks)).toEqual(["0", "500", "1,000"]);
  expect(labels(linearAxis(0, [0, 100], 2).marks)).toEqual(["0", "0.5", "1"]);
});

test.each([
  [0.03, 0.05],
  [1, 1],
  [2.1, 5],
  [7, 10],
  [1200, 2000],
])("the next round step from %d is %d", (least, step) => {
  expect(roundStep(least)).toBe(step);
});

test("the same factor is as long everywhere on an axis of ratios", () => {
  const axis = logAxis(0.1, 10, [0, 200]);

  expect(labels(axis.marks)).toEqual(["0.1", "0.2", "0.5", "1", "2", "5", "10"]);
  expect(axis.place(1)).toBeCloseTo(100);
  expect(axis.place(2) - axis.place(1)).toBeCloseTo(axis.place(10) - axis.place(5));
  expect([axis.place(0), axis.place(Infinity)]).toEqual([0, 200]);
  expect(labels(logAxis(0.01, 100, [0, 200]).marks)).toEqual(["0.01", "0.1", "1", "10", "100"]);
});

test("an axis of rates does not stretch for what was hardly watched", () => {
  const known = [
    { low: 11.5, high: 47.6 },
    { low: 71.4, high: 176.4 },
  ];

  expect(endOfRates(known)).toBe(176.4);
  expect(endOfRates([...known, { low: 12.7, high: 2786 }])).toBe(176.4);
  expect(
    endOfRates([
      { low: 0, high: 3 },
      { low: 0, high: 2000 },
    ]),
  ).toBe(12);
  expect(endOfRates([])).toBe(1);
});

test("an axis of ratios holds 1, and ends where nobody could read it", () => {
  expect(endsOfRatios([{ low: 1.2, high: 1.4 }])).toEqual([0.5, 2]);
  expect(endsOfRatios([{ low: 0, high: Infinity }])).toEqual([0.5, 2]);
  expect(endsOfRatios([{ low: 1e-9, high: 1e9 }])).toEqual([0.01, 100]);
});

const STEPS = [
  { days: 6, at_risk: 21, survival: 0.857, low: 0.62, high: 0.952 },
  { days: 7, at_risk: 17, survival: 0.807, low: 0.563, high: 0.923 },
  { days: 23, at_risk: 1, survival: 0, low: null, high: null },
];
const x = (days: number) => days * 10;
const y = (share: number) => 100 - share * 100;

test("a curve is whole until its first step, and goes down in steps", () => {
  expect(stepPath(STEPS, x, y)).toBe("M0 0H60V14.3H70V19.3H230V100");
  expect(stepPath([], x, y)).toBe("");
});

test("the band of a curve is as its steps, and ends where nobody is left", () => {
  expect(bandPath(STEPS, x, y)).toBe(
    "M0 0L60 0L60 4.8L70 4.8L70 7.7L230 7.7L230 43.7L70 43.7L70 38L60 38L60 0L0 0Z",
  );
  expect(bandPath([], x, y)).toBe("");
});

test("how many were watched is told of the next death, and of no time after the last", () => {
  expect([0, 6, 6.5, 23, 24].map((days) => watchedAt(STEPS, days))).toEqual([21, 21, 17, 1, null]);
});

test("labels that would lie on each other are moved apart, in their order and within the picture", () => {
  expect(spread([50, 51, 10], 15, 0, 100)).toEqual([50, 65, 10]);
  expect(spread([98, 97, 99], 10, 0, 100)).toEqual([90, 80, 100]);
});

test("no two series look alike, whether or not colours are seen", () => {
  const looks = Array.from({ length: MOST_SERIES }, (_, index) => look(index));

  expect(new Set(looks.map(({ ink }) => ink)).size).toBe(MOST_SERIES);
  expect(new Set(looks.map(({ dash }) => dash)).size).toBe(MOST_SERIES);
});

test("a text is cut where there is no room for it", () => {
  expect(clip("4.14.67-0-virt", 20)).toBe("4.14.67-0-virt");
  expect(clip("4.14.67-0-virt", 8)).toBe("4.14.67…");
});

test("a file of numbers is read by spreadsheets as it was meant, and calculates nothing", () => {
  const text = csvText(
    ["Value", "Deaths"],
    [
      ['a "b", c', 0.1],
      ["=1+1", null],
      ["2.1", Number.NaN],
      ["-5", -5],
    ],
  );

  expect(text).toBe('Value,Deaths\r\n"a ""b"", c",0.1\r\n\'=1+1,\r\n2.1,\r\n\'-5,-5\r\n');
  expect(fileName("Xen: curves (6-MP)", "csv")).toBe("xen-curves-6-mp.csv");
  expect(fileName("…", "svg")).toBe("domfleet.svg");
});

test("a picture that is saved needs no style sheet, and has a title and a ground", () => {
  const holder = document.createElement("div");
  holder.innerHTML = '<svg class="picture"><path class="curve" d="M0 0H9"></path></svg>';
  const svg = holder.querySelector("svg") as SVGSVGElement;
  const style = (name: string) => (name === "stroke" ? "rgb(11, 90, 162)" : "");

  const text = svgText(svg, "Xen < 5", "rgb(255, 255, 255)", () => ({ getPropertyValue: style }));

  const read = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  expect(read.querySelector("title")?.textContent).toBe("Xen < 5");
  expect(read.querySelector("rect")?.getAttribute("fill")).toBe("rgb(255, 255, 255)");
  expect(read.querySelector("path")?.getAttribute("stroke")).toBe("rgb(11, 90, 162)");
  expect(text).not.toContain("class=");
  expect(svg.querySelector("path")?.getAttribute("class")).toBe("curve");
});
