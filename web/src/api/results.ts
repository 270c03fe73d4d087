// What came of an operation, in the agent's words. The API hands it on as it is, so that its shape is
// looked at here, once; what does not have it is shown as it came.
import { isRecord, list, number, text, texts, type Given } from "./given";
import { mitigationAnswersOf, type MitigationAnswers } from "./mitigations";
import { comparisonOf, pruningOf, type Comparison, type Pruning } from "./setResults";
import type { SetSummary, UsbDrive } from "./types";

/** An image, judged. */
export interface Judgement {
  readonly format: string;
  readonly virtualBytes: number;
  readonly verdict: string;
  /** Whether it may be converted and backed up as it is. */
  readonly convertible: boolean;
  readonly reasons: readonly string[];
}

export interface ImageFile {
  readonly path: string;
  readonly format: string;
  readonly virtualBytes: number;
  readonly allocatedBytes: number;
}

/** All that can be said of an image without reading what is on the disk. */
export interface Inspection {
  readonly file: ImageFile;
  readonly dataFile: ImageFile | null;
  readonly basedOn: readonly ImageFile[];
  readonly flags: readonly string[];
  readonly clusterBytes: number | null;
  readonly compression: string | null;
  readonly encryption: string | null;
  readonly snapshots: readonly string[];
  readonly dataBytes: number | null;
}

/** A repaired copy: what was thought of the original, and what of the copy is suspect. */
export interface Repair {
  readonly original: Judgement | null;
  readonly isSalvaged: boolean;
  readonly suspectBytes: number;
}

/** What a drive proved to be worth. */
export interface Qualification {
  readonly mode: string;
  readonly isFit: boolean;
  readonly claimedBytes: number;
  readonly trueBytes: number;
  readonly isExact: boolean;
  readonly isFake: boolean;
  readonly testedBytes: number;
  readonly errors: number;
  readonly writeRate: Rate | null;
  readonly readRate: Rate | null;
  /** What it thinks of its own health. */
  readonly smartPassed: boolean | null;
  readonly reasons: readonly string[];
}

/** Bytes a second. */
export interface Rate {
  readonly mean: number;
  readonly slowest: number;
}

/** A stress run that dom0 survived. */
export interface Survived {
  readonly seconds: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly operations: number;
  readonly slowestMilliseconds: number;
  /** The chance that a dom0 would have died of it which dies once an hour under such load. */
  readonly chanceOfDeath: number;
}

export type Result =
  | {
      readonly is: "image";
      readonly judgement: Judgement;
      readonly inspection: Inspection | null;
      readonly repair: Repair | null;
      /** The hash of what is on the disk. */
      readonly content: string | null;
    }
  | { readonly is: "qualification"; readonly qualification: Qualification }
  | { readonly is: "drives"; readonly drives: readonly UsbDrive[] }
  | {
      readonly is: "sets";
      readonly sets: readonly SetSummary[];
      /** Files that were not taken over, the first of them. */
      readonly unused: readonly string[];
      readonly unusedCount: number;
    }
  | { readonly is: "comparison"; readonly comparison: Comparison }
  | { readonly is: "pruning"; readonly pruning: Pruning }
  | { readonly is: "mitigations"; readonly given: MitigationAnswers }
  | { readonly is: "survived"; readonly survived: Survived }
  | {
      readonly is: "restored";
      readonly name: string;
      /** What it is called now. */
      readonly as: string;
      readonly config: string | null;
      readonly disks: readonly string[];
    }
  | {
      readonly is: "console";
      readonly text: string;
      /** Whether there was more before it. */
      readonly truncated: boolean;
      /** How many secrets were taken out. */
      readonly redacted: number;
    };

/** What came of an operation of that kind; nothing where it is not of a shape that is known. */
export function resultOf(kind: string, value: unknown): Result | null {
  if (!isRecord(value)) return null;
  switch (kind) {
    case "image_check":
    case "image_inspect":
    case "image_convert":
    case "image_repair":
      return image(value);
    case "usb_qualify": {
      const qualification = qualificationOf(value);
      return qualification && { is: "qualification", qualification };
    }
    case "usb_list":
    case "usb_prepare": {
      const given: unknown = value.drives ?? [value.drive];
      if (!Array.isArray(given) || !given.every(isDrive)) return null;
      return { is: "drives", drives: given as readonly UsbDrive[] };
    }
    case "backup_list":
    case "backup_create":
    case "backup_verify":
    case "backup_import": {
      if (!Array.isArray(value.sets) || !value.sets.every(isSet)) return null;
      return {
        is: "sets",
        sets: value.sets as readonly SetSummary[],
        unused: texts(value, "unused"),
        unusedCount: number(value, "unused_count") ?? 0,
      };
    }
    case "backup_compare": {
      const comparison = comparisonOf(value);
      return comparison && { is: "comparison", comparison };
    }
    case "backup_prune": {
      const pruning = pruningOf(value);
      return pruning && { is: "pruning", pruning };
    }
    case "mitigation_check":
    case "mitigation_apply":
    case "mitigation_revert": {
      const given = mitigationAnswersOf(value);
      return given && { is: "mitigations", given };
    }
    case "stress_run": {
      const survived = survivedOf(value);
      return survived && { is: "survived", survived };
    }
    case "backup_restore": {
      const name = text(value, "name");
      if (name === null) return null;
      const as = (isRecord(value.as) ? text(value.as, "name") : null) ?? name;
      const [config, disks] = [text(value, "config"), texts(value, "disks")];
      return { is: "restored", name, as, config, disks };
    }
    case "vm_console_log": {
      const words = text(value, "text");
      if (words === null) return null;
      const redacted = number(value, "redacted") ?? 0;
      return { is: "console", text: words, truncated: value.truncated === true, redacted };
    }
    default:
      return null;
  }
}

function image(value: Given): Result | null {
  const judgement = judgementOf(value);
  if (!judgement) return null;
  const inspection = isRecord(value.file) ? inspectionOf(value) : null;
  const repair = isRecord(value.original) ? repairOf(value) : null;
  return { is: "image", judgement, inspection, repair, content: text(value, "content") };
}

function survivedOf(value: Given): Survived | null {
  const seconds = number(value, "seconds");
  const chanceOfDeath = number(value, "chance_of_death");
  if (seconds === null || chanceOfDeath === null) return null;
  return {
    seconds,
    chanceOfDeath,
    readBytes: number(value, "read_bytes") ?? 0,
    writtenBytes: number(value, "written_bytes") ?? 0,
    operations: number(value, "operations") ?? 0,
    slowestMilliseconds: number(value, "slowest_milliseconds") ?? 0,
  };
}

export function judgementOf(value: unknown): Judgement | null {
  if (!isRecord(value)) return null;
  const verdict = text(value, "verdict");
  if (verdict === null) return null;
  return {
    verdict,
    format: text(value, "format") ?? "unknown",
    virtualBytes: number(value, "virtual_bytes") ?? 0,
    convertible: value.convertible === true,
    reasons: texts(value, "reasons"),
  };
}

function inspectionOf(value: Given): Inspection {
  const traits = isRecord(value.traits) ? value.traits : {};
  return {
    file: fileOf(value.file),
    dataFile: isRecord(value.data_file) ? fileOf(value.data_file) : null,
    basedOn: list(value.based_on).map(fileOf),
    flags: texts(traits, "flags"),
    clusterBytes: number(traits, "cluster_bytes"),
    compression: text(traits, "compression"),
    encryption: text(traits, "encryption"),
    snapshots: list(value.snapshots).map((snapshot) => text(snapshot, "name") ?? ""),
    dataBytes: number(value, "data_bytes"),
  };
}

function fileOf(value: unknown): ImageFile {
  const given = isRecord(value) ? value : {};
  return {
    path: text(given, "path") ?? "",
    format: text(given, "format") ?? "unknown",
    virtualBytes: number(given, "virtual_bytes") ?? 0,
    allocatedBytes: number(given, "allocated_bytes") ?? 0,
  };
}

function repairOf(value: Given): Repair {
  const areas = list(value.not_to_be_trusted).map((area) => number(area, "bytes") ?? 0);
  return {
    original: judgementOf(value.original),
    isSalvaged: value.is_salvaged === true,
    suspectBytes: areas.reduce((sum, bytes) => sum + bytes, 0),
  };
}

export function qualificationOf(value: unknown): Qualification | null {
  if (!isRecord(value) || typeof value.is_fit !== "boolean") return null;
  const smart = isRecord(value.smart) ? value.smart : {};
  return {
    mode: text(value, "mode") ?? "unknown",
    isFit: value.is_fit,
    claimedBytes: number(value, "claimed_bytes") ?? 0,
    trueBytes: number(value, "true_bytes") ?? 0,
    isExact: value.is_exact === true,
    isFake: value.is_fake === true,
    testedBytes: number(value, "tested_bytes") ?? 0,
    errors: number(value, "errors") ?? 0,
    writeRate: rateOf(value.write_rate),
    readRate: rateOf(value.read_rate),
    smartPassed: typeof smart.passed === "boolean" ? smart.passed : null,
    reasons: texts(value, "reasons"),
  };
}

function rateOf(value: unknown): Rate | null {
  if (!isRecord(value)) return null;
  const mean = number(value, "mean");
  return mean === null ? null : { mean, slowest: number(value, "slowest") ?? mean };
}

function isDrive(drive: unknown): boolean {
  return isRecord(drive) && isRecord(drive.use) && isRecord(drive.hardware);
}

function isSet(set: unknown): boolean {
  return isRecord(set) && typeof set.set === "string" && Array.isArray(set.vms);
}
