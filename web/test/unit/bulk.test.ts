import { expect, test } from "vitest";

import type { BulkResult } from "../../src/api/types";
import {
  BULK_KINDS,
  bulkOperation,
  confirmation,
  EMPTY_DRAFT,
  refusals,
  targetOf,
} from "../../src/features/appliances/bulk";
import { cancelledWords, countOf, inWords, statesOf } from "../../src/features/bulks/progress";

test("what is asked of many is asked once all of it is said", () => {
  const ready = BULK_KINDS.map(([kind]) => bulkOperation({ ...EMPTY_DRAFT, kind }) !== null);

  expect(BULK_KINDS.filter((_, index) => ready[index]).map(([kind]) => kind)).toEqual([
    "debug_bundle",
    "usb_list",
    "appliance_reboot",
  ]);
  const volume = { group: "vg0", name: "data", size: "1 GiB" };
  expect(bulkOperation({ ...EMPTY_DRAFT, kind: "volume_create", ...volume })).toEqual({
    kind: "volume_create",
    volume_group: "vg0",
    name: "data",
    size_bytes: 2 ** 30,
  });
  expect(bulkOperation({ ...EMPTY_DRAFT, kind: "image_check", path: "disk" })).toBeNull();
});

test("a selection is asked by its ids, and everything that matches by the filter", () => {
  expect(targetOf({ ids: ["1", "2"] })).toEqual({ appliances: ["1", "2"] });
  expect(targetOf({ filter: "xen<4.17", total: 900 })).toEqual({ filter: "xen<4.17" });
});

test("those that are refused for one reason are told together, the most first", () => {
  const refused = (name: string, code: string): BulkResult => ({
    appliance: { id: name, name },
    state: "refused",
    reason: { code, message: `${code} of ${name}` },
    what_to_do: "Wait.",
  });
  const admitted = { appliance: { id: "z", name: "z" }, state: "admitted" };

  const groups = refusals([
    refused("a", "held"),
    admitted,
    refused("b", "locked"),
    refused("c", "locked"),
  ]);

  expect(groups.map(({ code, names }) => [code, names])).toEqual([
    ["locked", ["b", "c"]],
    ["held", ["a"]],
  ]);
  expect(groups[0]).toMatchObject({ message: "locked of b", whatToDo: "Wait." });
});

test("how far many are is told by what is over, and failures are not hidden in it", () => {
  const bulk = {
    total: 10,
    counts: { succeeded: 5, failed: 1, refused: 2, running: 1, pending: 1 },
  };

  expect(countOf(bulk, null)).toBe(10);
  expect(countOf(bulk, "failed")).toBe(3);
  expect(inWords(bulk)).toBe("8 of 10 are over, 3 of them failed or refused");
  expect(inWords({ total: 2, counts: { succeeded: 2 } })).toBe("2 of 2 are over");
  expect(statesOf("succeeded")).toBe("succeeded");
  expect(statesOf("nonsense")).toBe("");
});

test("what was taken back is told by how many, and who has still to say so", () => {
  const words = (withdrawn: number, cancelled: number, cancelling: number) =>
    cancelledWords({ withdrawn, cancelled, cancelling });

  expect(words(1, 2, 0)).toBe("Cancelled at 3 appliances");
  expect(words(0, 1, 4)).toBe("Cancelled at 1 appliance, to be cancelled by 4 appliances");
  expect(words(0, 0, 1)).toBe("To be cancelled by 1 appliance");
  expect(words(0, 0, 0)).toBe("Nothing was left to be cancelled");
});

test("what is typed to confirm is what the API compares with, without separators", () => {
  expect(confirmation(1)).toBe("1 appliance");
  expect(confirmation(1214)).toBe("1214 appliances");
});
