import { expect, test } from "vitest";

import type { Operation, OperationRequest } from "../../src/api/types";
import { heldReason } from "../../src/features/appliance/locks";

const active = (...asked: OperationRequest[]) => {
  return asked.map((operation) => ({ kind: operation.kind, operation }) as Operation);
};

test("a VM waits for what is done to it, and not for what is done to others", () => {
  const busy = active({ kind: "vm_reboot", vm: "1" });

  expect(heldReason("vm:1", busy)).toBe("Reboot VM is under way.");
  expect(heldReason("vm:2", busy)).toBeNull();
  expect(heldReason("storage", busy)).toBeNull();
});

test("a reboot of the appliance waits for everything, and everything for it", () => {
  const reboot = active({ kind: "appliance_reboot" });

  expect(heldReason("vm:1", reboot)).toBe("Reboot appliance is under way.");
  expect(heldReason("storage", reboot)).toBe("Reboot appliance is under way.");
  expect(heldReason("power", active({ kind: "vm_start", vm: "1" }))).toBe("Start VM is under way.");
});

test("collecting debug files holds nothing up", () => {
  expect(heldReason("power", active({ kind: "debug_bundle", bundle: "1" }))).toBeNull();
});
