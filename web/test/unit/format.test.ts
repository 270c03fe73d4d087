import { expect, test } from "vitest";

import {
  formatAbsolute,
  formatBytes,
  formatDuration,
  formatRelative,
  parseSize,
} from "../../src/ui/format";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1 KiB"],
  [1536, "1.5 KiB"],
  [40 * 2 ** 30, "40 GiB"],
  [2.25 * 2 ** 40, "2.3 TiB"],
  [123.4 * 2 ** 20, "123 MiB"],
])("%d bytes read %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, "0 s"],
  [48, "48 s"],
  [60, "1 min"],
  [3725, "1 h 2 min"],
  [86_400 * 3 + 3600 * 4 + 59, "3 d 4 h"],
  [86_400 + 30, "1 d"],
])("%d seconds read %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test("times are told as far away as they are, both ways", () => {
  const now = Date.parse("2026-11-24T12:00:00.000Z");

  expect(formatRelative(now - 2_000, now)).toBe("now");
  expect(formatRelative(now - 50_000, now)).toBe("50 s ago");
  expect(formatRelative(now - 3 * 3600_000, now)).toBe("3 h ago");
  expect(formatRelative(now + 2 * 86_400_000, now)).toBe("in 2 d");
});

test("a moment in UTC says so", () => {
  expect(formatAbsolute(Date.parse("2026-11-24T12:00:07.000Z"), "utc")).toBe(
    "24 Nov 2026, 12:00:07 UTC",
  );
});

test.each([
  ["20", 20 * 2 ** 30],
  ["20 GiB", 20 * 2 ** 30],
  ["512M", 512 * 2 ** 20],
  ["1.5 T", 1.5 * 2 ** 40],
  ["1,5 GB", 1.5 * 2 ** 30],
  ["", null],
  ["0", null],
  ["-3", null],
  ["ten", null],
])("the size %j is %j bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});
