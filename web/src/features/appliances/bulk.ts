// What can be asked of many appliances at once: only what names nothing that one of them alone has.
import type { BulkRequest, BulkResult, OperationRequest } from "../../api/types";
import { parseSize } from "../../ui/format";

export type BulkKind =
  | "debug_bundle"
  | "usb_list"
  | "image_check"
  | "volume_create"
  | "thin_pool_create"
  | "vm_create"
  | "appliance_reboot";

/** What is typed into the fields of any kind. */
export interface BulkDraft {
  readonly kind: BulkKind;
  readonly path: string;
  readonly group: string;
  readonly name: string;
  readonly size: string;
  readonly config: string;
}

export const EMPTY_DRAFT: BulkDraft = {
  kind: "debug_bundle",
  path: "",
  group: "",
  name: "",
  size: "",
  config: "",
};

/** What each does, in a sentence. */
export const BULK_KINDS: ReadonlyArray<readonly [BulkKind, string]> = [
  ["debug_bundle", "Logs and states are collected and sent here. Nothing is changed."],
  ["usb_list", "Each says which USB drives are plugged in, and what is on them."],
  ["image_check", "Each says whether what an image holds can be trusted."],
  ["volume_create", "Each gets a volume of that name."],
  ["thin_pool_create", "Each gets a thin pool of that name."],
  [
    "vm_create",
    "Each gets a VM from that configuration, with a UUID of its own. It is not started.",
  ],
  ["appliance_reboot", "dom0 of each restarts, and with it every VM that runs."],
];

/** What is asked for; nothing while something is missing. */
export function bulkOperation(draft: BulkDraft): OperationRequest | null {
  const { kind, path, group, name, size, config } = draft;
  switch (kind) {
    case "debug_bundle":
    case "usb_list":
    case "appliance_reboot":
      return { kind };
    case "image_check":
      return path.startsWith("/") ? { kind, image: { path } } : null;
    case "volume_create":
    case "thin_pool_create": {
      const bytes = parseSize(size);
      if (group === "" || name === "" || bytes === null) return null;
      return { kind, volume_group: group, name, size_bytes: bytes };
    }
    case "vm_create":
      return config.trim() === "" ? null : { kind, from: { config } };
  }
}

/** Which appliances are meant: those that were selected, or all that a filter leaves. */
export type Target =
  { readonly ids: readonly string[] } | { readonly filter: string; readonly total: number };

export function sizeOf(target: Target): number {
  return "ids" in target ? target.ids.length : target.total;
}

export function targetOf(target: Target): Pick<BulkRequest, "appliances" | "filter"> {
  return "ids" in target ? { appliances: [...target.ids] } : { filter: target.filter };
}

/** What is typed before something is ended at so many appliances, letter by letter as the API wants it. */
export function confirmation(appliances: number): string {
  return appliances === 1 ? "1 appliance" : `${appliances} appliances`;
}

export interface Refusals {
  readonly code: string;
  readonly message: string;
  readonly whatToDo: string | null;
  readonly names: readonly string[];
}

/** Who would be refused, together with those that would be for the same reason; the most first. */
export function refusals(results: readonly BulkResult[]): readonly Refusals[] {
  const groups = new Map<string, Refusals>();
  for (const { state, appliance, reason, what_to_do } of results) {
    if (state !== "refused") continue;
    const code = reason?.code ?? "unknown";
    const known = groups.get(code);
    groups.set(code, {
      code,
      message: known?.message ?? reason?.message ?? "No reason was given",
      whatToDo: known?.whatToDo ?? what_to_do ?? null,
      names: [...(known?.names ?? []), appliance.name],
    });
  }
  return [...groups.values()].toSorted((a, b) => b.names.length - a.names.length);
}
