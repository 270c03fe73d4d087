// What a preflight found. The API hands it on as the agent wrote it: its shape is looked at here.
import { queryOptions } from "@tanstack/react-query";

import { isRecord, list, number, text } from "./given";
import { fetchOperations } from "./queries";
import type { Operation, OperationRequest } from "./types";

export interface Note {
  readonly sentence: string;
  readonly whatToDo: string | null;
}

/** What a person has to say yes to. */
export interface Consent {
  readonly code: string;
  readonly vm: string | null;
  readonly disk: string | null;
  readonly sentence: string;
  /** What is typed to say so. */
  readonly typed: string;
  readonly isGiven: boolean;
}

export interface PreflightReport {
  readonly blockers: readonly Note[];
  readonly warnings: readonly Note[];
  readonly consents: readonly Consent[];
  readonly vms: readonly { readonly vm: string; readonly name: string }[];
  /** Ids of those that do not come along. */
  readonly excluded: readonly string[];
  readonly seconds: number;
  readonly secondsBeforePermit: number;
  readonly vmTimes: readonly { readonly name: string; readonly seconds: number }[];
  readonly requiredBytes: number;
  readonly freeBytes: number | null;
  readonly missingBytes: number;
  readonly buyBytes: number | null;
  readonly secondCopy: string;
  /** The drive that the preflight was told would get a second copy. */
  readonly secondDrive: string | null;
  /** Drives of ours that are plugged in beside the one that was chosen. */
  readonly otherDrives: readonly { readonly id: string; readonly name: string }[];
}

export function reportOf(value: unknown): PreflightReport | null {
  if (!isRecord(value) || !Array.isArray(value.blockers) || !isRecord(value.time)) return null;
  const part = (key: string) => (isRecord(value[key]) ? value[key] : {});
  const [time, drive, facts] = [value.time, part("drive"), part("facts")];
  const need = isRecord(drive.need) ? drive.need : {};
  const before = isRecord(time.before_permit) ? time.before_permit : {};
  const notes = (key: string) =>
    list(value[key]).map((note) => ({
      sentence: text(note, "sentence") ?? "",
      whatToDo: text(note, "what_to_do") || null,
    }));
  const { excluded } = part("assumptions");
  return {
    blockers: notes("blockers"),
    warnings: notes("warnings"),
    consents: list(value.consents).map((consent) => ({
      code: text(consent, "code") ?? "unknown",
      vm: text(consent, "vm"),
      disk: text(consent, "disk"),
      sentence: text(consent, "sentence") ?? "",
      typed: text(consent, "typed") ?? "",
      isGiven: consent.is_given === true,
    })),
    vms: list(facts.vms).map((vm) => ({ vm: text(vm, "vm") ?? "", name: text(vm, "name") ?? "" })),
    excluded: Array.isArray(excluded) ? excluded.filter((vm) => typeof vm === "string") : [],
    seconds: number(time, "seconds") ?? 0,
    secondsBeforePermit: number(before, "seconds") ?? 0,
    vmTimes: list(time.vms).map((vm) => ({
      name: text(vm, "name") ?? "",
      seconds: number(vm, "seconds") ?? 0,
    })),
    requiredBytes: number(need, "required_bytes") ?? 0,
    freeBytes: number(drive, "free_bytes"),
    missingBytes: number(drive, "missing_bytes") ?? 0,
    buyBytes: number(part("buy"), "size_bytes"),
    secondCopy: text(part("second_copy"), "sentence") ?? "",
    secondDrive: text(part("assumptions"), "second_drive"),
    otherDrives: others(list(facts.drives), text(drive, "path")),
  };
}

/** The consent that is given when the migration is started. */
export const ONLY_COPY = "only_copy";

/** The consent that leaving a VM out is. */
export const VM_EXCLUDED = "vm_excluded";

/** The last preflight that was asked of an appliance, and the last that came to its end. */
export const lastPreflights = (id: string) =>
  queryOptions({
    queryKey: ["appliance-operations", id, "preflight"],
    queryFn: async ({ signal }) => {
      const query = { appliance: id, kinds: "migration_preflight", sort: "-created_at", limit: 1 };
      const [asked, done] = await Promise.all([
        fetchOperations(query, signal),
        fetchOperations({ ...query, states: "succeeded" }, signal),
      ]);
      const last: Operation | null = asked.operations[0] ?? null;
      const succeeded: Operation | null = done.operations[0] ?? null;
      return { last, succeeded };
    },
  });

type Accepted = Pick<Consent, "code"> & { vm?: string; disk?: string };

/** Asks for a preflight; what is not said is as usual. */
export function preflightOf(
  excluded: readonly string[],
  given: readonly Pick<Consent, "code" | "vm" | "disk">[],
): OperationRequest {
  const accepted: Accepted[] = [
    ...excluded.map((vm) => ({ code: VM_EXCLUDED, vm })),
    ...given.map(({ code, vm, disk }) => ({
      code,
      ...(vm === null ? {} : { vm }),
      ...(disk === null ? {} : { disk }),
    })),
  ];
  // The generated type knows of no default: whatever has one may be left out.
  return { kind: "migration_preflight", excluded, accepted } as unknown as OperationRequest;
}

type Given = ReturnType<typeof list>[number];

function others(drives: readonly Given[], chosen: string | null) {
  return drives.flatMap((drive) => {
    const use = isRecord(drive.use) ? drive.use : {};
    const [id, path] = [text(use, "drive"), text(drive, "path") ?? ""];
    if (use.kind !== "ours" || !id || path === chosen) return [];
    return [
      { id, name: [path, text(drive, "model"), text(drive, "serial")].filter(Boolean).join(" ") },
    ];
  });
}
