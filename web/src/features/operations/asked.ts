// What was asked, as names and values for people.
import type { OperationRequest } from "../../api/types";
import { formatBytes } from "../../ui/format";

export interface Named {
  readonly id: string;
  readonly name: string;
}

/**
 * The parameters of an operation. Ids that `known` has a name for are told by it, and texts of more
 * than one line are left out: they are shown by themselves.
 */
export function askedRows(
  operation: OperationRequest,
  known: readonly Named[] = [],
): ReadonlyArray<readonly [string, string]> {
  const { kind: _, ...rest } = operation;
  return Object.entries(rest).flatMap(([key, value]) => rows(key, value, known));
}

function rows(
  key: string,
  value: unknown,
  known: readonly Named[],
): Array<readonly [string, string]> {
  const label = key.replace(/_bytes$/, "").replaceAll("_", " ");
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) {
    const items = value.map((item) => words(item, known)).filter((text) => text !== "");
    return items.length === 0 ? [] : [[label, items.join("; ")]];
  }
  if (typeof value === "object") {
    const inner = Object.entries(value).flatMap(([name, part]) => rows(name, part, known));
    return inner.map(([name, text]) => [`${label}: ${name}`, text] as const);
  }
  if (typeof value === "string" && value.includes("\n")) return [];
  if (typeof value === "boolean") return [[label, value ? "yes" : "no"]];
  if (typeof value === "number" && key.endsWith("_bytes")) return [[label, formatBytes(value)]];
  return [[label, nameOf(String(value), known)]];
}

function words(value: unknown, known: readonly Named[]): string {
  if (typeof value !== "object" || value === null) return nameOf(String(value), known);
  return Object.entries(value)
    .flatMap(([key, part]) => rows(key, part, known))
    .map(([name, text]) => `${name} ${text}`)
    .join(", ");
}

function nameOf(id: string, known: readonly Named[]): string {
  return known.find((named) => named.id === id)?.name ?? id;
}

/** The xl configuration that a VM is made from, where it is made from one. */
export function configOf(operation: OperationRequest): string | null {
  if (operation.kind !== "vm_create") return null;
  return "config" in operation.from ? operation.from.config : null;
}
