// What a migration is at, waits for and has told, in words. Pure; the clock is an argument.
import { isRecord, number, text, texts } from "../../api/given";
import type { LineStep, Migration, MigrationRecord, MigrationRow } from "../../api/migrations";
import type { Shape, Tone } from "../../ui/Badge";
import { count, formatBytes, formatDuration } from "../../ui/format";

type Look = readonly [Tone, Shape, string];

/** The phases in their order, and after them the ends. */
const PHASES: Readonly<Record<string, Look>> = {
  preflight: ["info", "ring", "Preflight"],
  backing_up: ["info", "spin", "Backing up"],
  verifying: ["info", "spin", "Verifying"],
  sealed: ["info", "disc", "Sealed"],
  permitted: ["warn", "half", "Permitted"],
  resetting: ["warn", "spin", "Resetting"],
  awaiting_return: ["warn", "half", "Awaiting return"],
  restoring: ["info", "spin", "Restoring"],
  validating: ["info", "spin", "Validating"],
  needs_hands: ["bad", "triangle", "Needs hands"],
  soaking: ["info", "half", "Soaking"],
  going_back: ["warn", "half", "Going back"],
  succeeded: ["good", "disc", "Succeeded"],
  failed_safe: ["bad", "cross", "Failed, nothing lost"],
  deferred: ["quiet", "square", "Deferred"],
  cancelled: ["quiet", "square", "Cancelled"],
  rolled_back: ["warn", "square", "Rolled back"],
  lost_appliance: ["bad", "cross", "Appliance lost"],
};

export const PHASE_NAMES: readonly string[] = Object.keys(PHASES);

export function phaseLook(phase: string): Look {
  return PHASES[phase] ?? ["quiet", "ring", phase.replaceAll("_", " ")];
}

const PAST: ReadonlySet<string> = new Set([
  "permitted",
  "resetting",
  "awaiting_return",
  "restoring",
  "validating",
  "needs_hands",
  "soaking",
]);

/** The line on this side of the point of no return and beyond it, in the order in which it came. */
export function sides<T extends Pick<LineStep, "phase">>(
  line: readonly T[],
): { before: readonly T[]; beyond: readonly T[] } {
  const point = line.findIndex(({ phase }) => PAST.has(phase));
  const at = point < 0 ? line.length : point;
  return { before: line.slice(0, at), beyond: line.slice(at) };
}

/** Whom a migration waits for, and for what. */
export interface Wait {
  readonly who: string;
  readonly what: string;
  /** Whether nothing goes on before a person does something. */
  readonly isPerson: boolean;
}

const ON_SITE = "The person on site";
const WAITS: Readonly<Record<string, Wait>> = {
  drive: { who: ON_SITE, what: "Plug the backup drive in", isPerson: true },
  reset: {
    who: ON_SITE,
    what: "Plug the recovery stick in and restart the appliance",
    isPerson: true,
  },
  second_drive: {
    who: ON_SITE,
    what: "Plug the second backup drive in, beside the first",
    isPerson: true,
  },
  reset_back: {
    who: ON_SITE,
    what: "Plug the recovery stick of 1.x in and restart the appliance",
    isPerson: true,
  },
  return: { who: "The appliance", what: "To call from the other system", isPerson: false },
  permit: { who: "The server", what: "To sign a permit", isPerson: false },
  hands: { who: "An operator", what: "Decide about the VMs that failed", isPerson: true },
  proof: {
    who: ON_SITE,
    what: "Nothing proves that the set on the drive belongs to this appliance: look whether it is the right drive",
    isPerson: true,
  },
  system_disk: { who: "The appliance", what: "Its system disk cannot be read", isPerson: false },
  soaking: { who: "Time", what: "The appliance is watched", isPerson: false },
  health: { who: "A VM", what: "To become healthy", isPerson: false },
};

export function waitOf({ waits, what }: Pick<MigrationRow, "waits" | "what">): Wait | null {
  if (!waits) return null;
  return WAITS[waits] ?? { who: "Something", what: what || "Not known here", isPerson: false };
}

/** How long it takes still, or may, in words; nothing where nobody can say. */
export function timeLeft(
  migration: Pick<MigrationRow, "phase" | "ended_at" | "soaking_until" | "done" | "total"> &
    Partial<Pick<Migration, "permit">>,
  now: number,
): string | null {
  const { phase, ended_at, soaking_until, permit } = migration;
  if (ended_at) return null;
  const until = (at: string) => Math.round((Date.parse(at) - now) / 1000);
  if (phase === "soaking" && soaking_until) {
    const seconds = until(soaking_until);
    return seconds > 0 ? `watched for another ${formatDuration(seconds)}` : "watched long enough";
  }
  if (phase === "permitted" && permit) {
    const seconds = until(permit.not_after);
    return seconds > 0
      ? `the permit is good for another ${formatDuration(seconds)}`
      : "the permit has run out";
  }
  const { done, total } = migration;
  if (typeof done !== "number" || typeof total !== "number" || total <= 0) return null;
  return `${formatBytes(Math.max(0, total - done))} to go`;
}

/** "3 GiB of 7 GiB", where it is known of how many. */
export function bytesDone({ done, total }: Pick<MigrationRow, "done" | "total">): string | null {
  if (typeof done !== "number" || typeof total !== "number" || total <= 0) return null;
  return `${formatBytes(Math.min(done, total))} of ${formatBytes(total)}`;
}

export function vmsInWords(row: Pick<MigrationRow, "vms_total" | "vms_settled" | "vms_failed">) {
  const settled = `${row.vms_settled} of ${count(row.vms_total, "VM")}`;
  return row.vms_failed > 0 ? `${settled}, ${row.vms_failed} failed` : settled;
}

const FAILED_AT: Readonly<Record<string, string>> = {
  restore: "writing its disks",
  configuration: "putting its configuration in place",
  boot: "starting it, or its health",
};

export function failedAt(step: string): string {
  return FAILED_AT[step] ?? step.replaceAll("_", " ");
}

/** What a record tells, in a sentence. */
export function recordWords(record: MigrationRecord, vmName: (id: string) => string): string {
  const vm = vmName(text(record, "vm") ?? "");
  const reason = text(record, "reason") ?? "";
  const by = text(record, "by") ?? "somebody";
  switch (record.event) {
    case "planned": {
      const plan = isRecord(record.plan) ? record.plan : {};
      const vms = Array.isArray(plan.vms) ? plan.vms.length : 0;
      return `Planned for ${count(vms, "VM")}`;
    }
    case "drive_claimed":
      return `Drive ${text(record, "drive") ?? ""} is the one`;
    case "autostart_off":
      return `dom0 no longer starts ${texts(record, "vms").map(vmName).join(", ") || "any VM"} by itself`;
    case "vm_stopped":
      return record.clean === true ? `${vm} shut down by itself` : `${vm} was ended`;
    case "vm_ran":
      return `${vm} ran again: what was copied of it is no longer what it is`;
    case "sealed":
      return `The set is sealed for the ${ordinal(number(record, "generation") ?? 1)} time`;
    case "verified":
      return "Every byte of the set was read back";
    case "copied":
      return "The set was copied to the second drive, and every byte read back there";
    case "armed":
      return "The nonce is about to be written to the system disk";
    case "disarmed":
      return `The nonce is gone from the system disk: ${reason.replaceAll("_", " ")}`;
    case "permitted":
      return `Permit ${text(record, "permit") ?? ""} is on the drive`;
    case "going_back":
      return `Given up: ${reason}`;
    case "autostart_restored":
      return "dom0 starts by itself what it started before";
    case "adopted":
      return `The other system has found its marker, its permit and its set`;
    case "room_found":
      return "There is room for all of it";
    case "vm_restored":
      return `All disks of ${vm} are written and were read back`;
    case "vm_configured":
      return `The configuration of ${vm} is in its place`;
    case "trial_boot":
      return `${vm} is about to be started`;
    case "vm_healthy":
      return [`${vm} is healthy`, ...texts(record, "evidence")].join("; ");
    case "vm_failed":
      return `${vm} failed: ${reason}`;
    case "vm_retried":
      return `${by} wants ${vm} tried again${record.afresh === true ? ", its disks written anew" : ""}`;
    case "vm_waived":
      return `${by} takes ${vm} as it is, or goes without it`;
    case "soaking":
      return "All VMs are settled; the appliance is watched";
    case "rolling_back":
      return `Back to the system before: ${reason}`;
    case "way_back_withdrawn":
      return `${by} stays after all`;
    case "ended":
      return `Over: ${phaseLook(text(record, "end") ?? "")[2]}`;
    default:
      return record.event.replaceAll("_", " ");
  }
}

function ordinal(n: number): string {
  const end = n % 100 > 10 && n % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${end}`;
}

/** What a person decided, in words. */
export function decisionWords(decision: string, vm: string | null, afresh: boolean): string {
  switch (decision) {
    case "retry":
      return `Try ${vm ?? "a VM"} again${afresh ? ", its disks written anew" : ""}`;
    case "waive":
      return `Take ${vm ?? "a VM"} as it is`;
    case "roll_back":
      return "Roll back to 1.x";
    case "stay":
      return "Stay on 2.x after all";
    default:
      return decision.replaceAll("_", " ");
  }
}

/** How there come to be two copies while there is no VM. */
export function copiesWords({ kind, by }: Migration["plan"]["copies"]): string {
  switch (kind) {
    case "data_region":
      return "the data of 1.x stays beside 2.x";
    case "second_drive":
      return "a second set on another drive";
    case "accepted":
      return `one drive holds the only copy, accepted by ${by ?? "somebody"}`;
    default:
      return kind.replaceAll("_", " ");
  }
}
