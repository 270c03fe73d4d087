import { expect, test } from "vitest";

import { mitigationAnswersOf } from "../../src/api/mitigations";
import type { MitigationStanding, Operation } from "../../src/api/types";
import { heldReason } from "../../src/features/appliance/locks";
import { lastAnswer, reasonsOf } from "../../src/features/appliance/mitigations";

const RESULT = {
  dry_run: true,
  mitigations: [
    {
      which: "swap",
      status: "not_applied",
      ours: false,
      reasons: ["/etc/fstab does not say it"],
      files: [{ path: "/etc/fstab", diff: "-/dev/sda2 swap\n+#/dev/sda2 swap\n" }],
      commands: ["swapoff -a"],
    },
  ],
};

test("an answer tells what would change in files and in the kernel", () => {
  const given = mitigationAnswersOf(RESULT);

  expect(given?.dryRun).toBe(true);
  expect(given?.answers[0]).toMatchObject({
    which: "swap",
    files: [{ path: "/etc/fstab" }],
    commands: ["swapoff -a"],
  });
});

test.each([null, "x", {}, { mitigations: [{ status: "applied" }] }, { mitigations: 3 }])(
  "what has not the shape of an answer is none: %j",
  (value) => {
    expect(mitigationAnswersOf(value)).toBeNull();
  },
);

test("what can be applied or taken back depends on how it stands, and on who applied it", () => {
  const reasons = (status: MitigationStanding["status"], ours: boolean) => {
    const { apply, revert } = reasonsOf({ which: "swap", status, ours });
    return [apply === null, revert === null];
  };

  expect(reasons("not_applied", false)).toEqual([true, false]);
  expect(reasons("applied", true)).toEqual([false, true]);
  expect(reasons("drifted", true)).toEqual([true, true]);
  expect(reasons("built_in", false)).toEqual([false, false]);
  expect(reasons("not_offered", false)).toEqual([false, false]);
});

test("the newest answer about a mitigation counts, of whatever was asked", () => {
  const operation = (id: string, result: unknown) => ({ id, result }) as Operation;
  const operations = [operation("3", null), operation("2", RESULT), operation("1", RESULT)];

  expect(lastAnswer(operations, "swap")?.operation.id).toBe("2");
  expect(lastAnswer(operations, "scheduler")).toBeNull();
});

test("a mitigation is not changed while another is, and trying out holds nothing up", () => {
  const active = (dry_run: boolean) => {
    const operation = { kind: "mitigation_apply", which: "swap", dry_run } as const;
    return [{ kind: operation.kind, operation } as unknown as Operation];
  };

  expect(heldReason("os", active(false))).toBe("Apply mitigation is under way.");
  expect(heldReason("os", active(true))).toBeNull();
  expect(heldReason("storage", active(false))).toBeNull();
});
