import { describe, expect, test } from "vitest";

import { keepInWords, makeupInWords, whenInWords } from "../../src/api/schedules";
import { shown } from "../../src/features/schedules/NextTimesList";
import { planOf, typedOf } from "../../src/features/schedules/plan";
import { lastInWords } from "../../src/features/schedules/ScheduleRuns";

const typed = { ...typedOf(), name: "nightly" };

describe("a schedule", () => {
  test("is complete with a name and a time, and says nothing of what was left empty", () => {
    expect(planOf({ ...typed, daily: "", weekly: "" })).toEqual({
      name: "nightly",
      filter: "",
      how: "snapshot",
      when: { at: "02:00", days: [], spread_minutes: 60 },
      encrypted: false,
      parity: false,
    });
    expect(planOf({ ...typed, name: " " })).toBeNull();
    expect(planOf({ ...typed, at: "" })).toBeNull();
    expect(planOf({ ...typed, daily: "-1" })).toBeNull();
    expect(planOf({ ...typed, spread: "an hour" })).toBeNull();
  });

  test("stands in its form as it was, and the appliances that it names stay", () => {
    const plan = {
      name: "weekly",
      appliances: ["0190aa"],
      how: "shut_down" as const,
      when: { at: "22:30", days: ["saturday" as const], spread_minutes: 0 },
      keep: { last: 0, daily: 0, weekly: 4, monthly: 12 },
      encrypted: true,
      parity: true,
    };
    expect(planOf(typedOf(plan), plan)).toEqual(plan);
  });

  test("is told in words", () => {
    expect(whenInWords({ at: "02:30" })).toBe("every day at 02:30");
    const when = { at: "22:00", days: ["sunday", "monday"] as const, spread_minutes: 30 };
    expect(whenInWords({ ...when, days: [...when.days] })).toBe(
      "on Monday and Sunday at 22:00, spread over 30 minutes",
    );
    expect(keepInWords(undefined)).toBe("all sets");
    expect(keepInWords({ last: 0, daily: 7, weekly: 4, monthly: 0 })).toBe(
      "7 daily and 4 weekly sets",
    );
    const plan = { name: "n", when };
    expect(makeupInWords({ ...plan, when: { at: "02:00" }, encrypted: true, parity: true })).toBe(
      "encrypted sets, with parity",
    );
  });

  test("tells what failed first", () => {
    const last = { succeeded: 5, unfinished: 0, failed: 1, refused: 2 };
    expect(lastInWords(last)).toBe("Last: 1 failed, 2 could not be asked, 5 verified");
    expect(lastInWords({ succeeded: 0, unfinished: 0, failed: 0, refused: 0 })).toBe(
      "No time of it has come yet",
    );
  });

  test("shows its times by the clock of the site", () => {
    expect(shown("2026-01-15T01:00:00.000Z", "Europe/Vienna")).toContain("02:00");
    expect(shown("2026-07-15T00:00:00.000Z", "Europe/Vienna")).toContain("02:00");
  });
});
