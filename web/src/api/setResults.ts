// How a backup set compares with its disks, and what becomes of sets when room is made.
import { isRecord, list, number, text, texts, type Given } from "./given";

export interface Comparison {
  /** Whether every disk is there and the same, every byte of it. */
  readonly same: boolean;
  readonly createdAt: string | null;
  readonly disks: readonly ComparedDisk[];
}

export interface ComparedDisk {
  readonly vm: string;
  readonly vdev: string;
  /** Where it was, and was looked for. */
  readonly path: string;
  /** What became of it, in words. */
  readonly found: string;
  readonly same: boolean;
}

export interface Pruning {
  /** Whether nothing was removed, and this only says what would be. */
  readonly dryRun: boolean;
  readonly freedBytes: number;
  readonly sets: readonly JudgedSet[];
}

export interface JudgedSet {
  readonly set: string;
  readonly createdAt: string | null;
  readonly vms: readonly string[];
  readonly storedBytes: number;
  readonly fate: string;
}

export function comparisonOf(value: Given): Comparison | null {
  if (typeof value.same !== "boolean" || !Array.isArray(value.disks)) return null;
  const disks = list(value.disks).map((disk) => ({
    vm: text(disk, "name") ?? "",
    vdev: text(disk, "vdev") ?? "",
    path: text(disk, "path") ?? "",
    found: foundOf(disk),
    same: disk.found === "same",
  }));
  return { same: value.same, createdAt: text(value, "created_at"), disks };
}

function foundOf(disk: Given): string {
  switch (disk.found) {
    case "same":
      return "the same";
    case "missing":
      return "not there any more";
    case "unreadable":
      return `cannot be read: ${text(disk, "why") ?? "why is not known"}`;
    case "differs": {
      const [bytes, size] = [number(disk, "bytes") ?? 0, number(disk, "virtual_bytes")];
      const first = list(disk.ranges)[0];
      const at = first ? `, the first at ${number(first, "start") ?? 0}` : "";
      return `differs in ${bytes} bytes${at}${size === null ? "" : `; has ${size} bytes now`}`;
    }
    default:
      return String(disk.found);
  }
}

export function pruningOf(value: Given): Pruning | null {
  if (!Array.isArray(value.judged) || !value.judged.every(isRecord)) return null;
  const sets = list(value.judged).map((set) => ({
    set: text(set, "set") ?? "",
    createdAt: text(set, "created_at"),
    vms: texts(set, "vms"),
    storedBytes: number(set, "stored_bytes") ?? 0,
    fate: text(set, "fate") ?? "unknown",
  }));
  return { dryRun: value.dry_run === true, freedBytes: number(value, "freed_bytes") ?? 0, sets };
}

const FATES: Readonly<Record<string, string>> = {
  kept_as_last: "kept: one of the newest",
  kept_for_day: "kept: the newest of its day",
  kept_for_week: "kept: the newest of its week",
  kept_for_month: "kept: the newest of its month",
  kept_as_only: "kept: no newer verified set holds one of its VMs",
  kept_unfinished: "kept: not verified, and no newer verified set holds all of its VMs",
  kept_unclear: "kept: what it is worth cannot be read",
  kept_for_migration: "kept: a migration that is not over stands on it",
};

/** What becomes of a set, in words. */
export function fateOf({ fate }: JudgedSet, dryRun: boolean): string {
  if (fate === "removed") return dryRun ? "would be removed" : "removed";
  return FATES[fate] ?? fate;
}
