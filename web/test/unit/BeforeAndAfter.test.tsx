import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";

import type { MitigationEffect } from "../../src/api/types";
import { BeforeAndAfter } from "../../src/features/appliance/BeforeAndAfter";

afterEach(cleanup);

const EFFECT: MitigationEffect = {
  which: "swap",
  before: { days: 40, deaths: 2, unknown: 1, rate: { value: 50, low: 6.06, high: 181 } },
  after: { days: 7, deaths: 0, unknown: 0, rate: { value: 0, low: 0, high: 527 } },
  ratio: { value: 0, low: 0, high: 30.4 },
  verdict: "too_short",
  sentence: "7 days after: too short to tell.",
};

function cells(): string[][] {
  const table = screen.getByRole("region", { name: /No swap in dom0/ });
  const [, ...rows] = within(table).getAllByRole("row");
  return rows.map((row) =>
    within(row)
      .getAllByRole("cell")
      .map((cell) => cell.textContent),
  );
}

test("an appliance stands beside itself before, with intervals, and whether that says anything", () => {
  render(<BeforeAndAfter effect={EFFECT} />);

  expect(cells()).toEqual([
    ["Before", "40", "2, and 1 unknown", "50.0 (6.06 to 181)"],
    ["After", "7", "0", "0 (0 to 527)"],
  ]);
  expect(screen.getByText("7 days after: too short to tell.")).toBeTruthy();
});

test("what was not watched has no rate", () => {
  const before = { days: 0, deaths: 0, unknown: 0, rate: null };
  render(<BeforeAndAfter effect={{ ...EFFECT, before, ratio: null, verdict: "nothing_before" }} />);

  expect(cells()[0]).toEqual(["Before", "0", "0", "not watched"]);
});
