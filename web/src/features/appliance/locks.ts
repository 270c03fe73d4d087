// What only one operation at a time may hold on an appliance, as the server judges it too: here it
// is worked out so that a button can say beforehand why it would be refused.
import type { Operation, OperationRequest } from "../../api/types";
import { operationTitle } from "../../ui/format";

export type Lock = "power" | "storage" | `vm:${string}`;

function lockOf(operation: OperationRequest): Lock | null {
  if ("vm" in operation) return `vm:${operation.vm}`;
  if (operation.kind.startsWith("volume_")) return "storage";
  return operation.kind === "appliance_reboot" ? "power" : null;
}

/** The operation under way that `wanted` would have to wait for. */
export function holderOf(wanted: Lock, active: readonly Operation[]): Operation | undefined {
  return active.find(({ operation }) => {
    const held = lockOf(operation);
    return held !== null && (held === wanted || held === "power" || wanted === "power");
  });
}

/** Why what needs `wanted` has to wait; nothing where it need not. */
export function heldReason(wanted: Lock, active: readonly Operation[]): string | null {
  const holder = holderOf(wanted, active);
  return holder ? `${operationTitle(holder.kind)} is under way.` : null;
}
