import { expect, test } from "vitest";

import type { BundleContents, FileInside } from "../../src/api/types";
import { bundleFilter, orderOf } from "../../src/features/debug-files/filters";
import {
  byFolder,
  fileName,
  lineOf,
  lossesOf,
  manifestOf,
  matchingFiles,
} from "../../src/features/debug-files/manifest";

const inside = (path: string, more: Partial<FileInside> = {}): FileInside => ({
  path,
  size_bytes: 1,
  truncated: false,
  redactions: 0,
  error: null,
  ...more,
});

test("the filter of the address becomes one of the API, and what is unknown is left out", () => {
  expect(bundleFilter({ appliance: ' Bahn"hof ', state: "complete", held: "yes" })).toBe(
    'appliance~"Bahnhof" state=complete held=yes',
  );
  expect(bundleFilter({ state: "x=1", trigger: "upload held=no", held: "maybe" })).toBe("");
  expect([orderOf("-size_bytes"), orderOf("; drop")]).toEqual(["-size_bytes", "-created_at"]);
});

test("files are found by all the words that were typed, capital or not", () => {
  const files = [inside("dom0/dmesg"), inside("xen/xl-info"), inside("dom0/XL.log")];

  expect(matchingFiles(files, "dom0 xl").map(({ path }) => path)).toEqual(["dom0/XL.log"]);
  expect(matchingFiles(files, " ")).toHaveLength(3);
});

test("files are shown by folder, in their order", () => {
  const folders = byFolder([
    inside("manifest.json"),
    inside("a/b/c"),
    inside("d/e"),
    inside("a/b/f"),
  ]);

  expect(folders.map(({ path, files }) => [path, files.map(fileName)])).toEqual([
    ["", ["manifest.json"]],
    ["a/b", ["c", "f"]],
    ["d", ["e"]],
  ]);
});

test("what was cut, what failed and what was taken out is summed up", () => {
  const contents = {
    files: [
      inside("a", { truncated: true, redactions: 2 }),
      inside("b", { error: "xl: not found", redactions: 1 }),
      inside("c"),
    ],
  } as BundleContents;

  const { truncated, failed, redactions } = lossesOf(contents);

  expect([truncated.map(fileName), failed.map(fileName), redactions]).toEqual([["a"], ["b"], 3]);
});

test("a manifest of an agent of tomorrow is read as far as it is known", () => {
  const given = { entries: [{}, {}], sealed: true, is_whole: false, left_out: ["smart"], moon: 1 };

  expect(manifestOf(given)).toMatchObject({
    isSealed: true,
    isWhole: false,
    leftOut: ["smart"],
    agentVersion: null,
    entryCount: 2,
  });
  for (const none of [null, 3, "x", {}, { entries: 1 }]) expect(manifestOf(none)).toBeNull();
});

test.each([
  ["12", 12],
  ["0", null],
  ["-1", null],
  ["1e3", null],
  ["", null],
  [undefined, null],
])("the line %j of an address is %j", (typed, line) => {
  expect(lineOf(typed)).toBe(line);
});
