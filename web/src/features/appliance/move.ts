// What a move to 2.x needs before it can be asked for. Pure.
import type { NewMigration } from "../../api/migrations";
import { ONLY_COPY, type Consent, type PreflightReport } from "../../api/preflight";
import { count } from "../../ui/format";

/** Why no migration can be started; nothing where one can. */
export function startReason(report: PreflightReport | null, isRunning: boolean): string | null {
  if (isRunning) return "A migration of it is under way.";
  if (!report) return "Run the preflight first.";
  const blockers = report.blockers.length;
  if (blockers > 0) {
    const stand = blockers === 1 ? "stands" : "stand";
    return `${count(blockers, "thing")} ${stand} in the way: see below.`;
  }
  const missing = report.consents.filter(({ code, isGiven }) => !isGiven && code !== ONLY_COPY);
  if (missing.length > 0) return "Run the preflight again, and say yes to what needs a word.";
  return null;
}

/** The sentence that has to be typed because one drive holds the only copy; nothing where there are two. */
export function onlyCopy(report: PreflightReport): Consent | null {
  return report.consents.find(({ code }) => code === ONLY_COPY) ?? null;
}

/** A number of hours or days as it was typed, in seconds; nothing where it is none. */
export function secondsOf(typed: string, unit: number): number | null {
  if (!/^\d+([.,]\d+)?$/.test(typed.trim())) return null;
  const seconds = Math.round(Number(typed.trim().replace(",", ".")) * unit);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : null;
}

export interface StartDraft {
  /** Why each VM does not come along, by its id. */
  readonly reasons: Readonly<Record<string, string>>;
  readonly sentence: string;
  /** The drive that gets a second copy; empty where one is enough. */
  readonly second: string;
  readonly hours: string;
  readonly days: string;
}

export const EMPTY_START: StartDraft = {
  reasons: {},
  sentence: "",
  second: "",
  hours: "4",
  days: "7",
};

/** What is to be asked for, or what is missing. */
export function wantedMigration(
  appliance: string,
  preflight: string,
  report: PreflightReport,
  draft: StartDraft,
): NewMigration | string {
  const excluded = report.excluded.map((vm) => ({ vm, reason: (draft.reasons[vm] ?? "").trim() }));
  if (excluded.some(({ reason }) => reason === "")) return "Say why each VM is left out";
  const second = draft.second || report.secondDrive;
  const copy = second ? null : onlyCopy(report);
  if (copy && draft.sentence.trim() !== copy.typed) return `Type “${copy.typed}” first`;
  const downtime = secondsOf(draft.hours, 3600);
  const soak = secondsOf(draft.days, 86_400);
  if (downtime === null || soak === null) return "Give the times as numbers";
  return {
    appliance,
    preflight,
    ...(excluded.length > 0 ? { excluded } : {}),
    ...(copy ? { one_copy: copy.typed } : {}),
    ...(second ? { second_drive: second } : {}),
    downtime_seconds: downtime,
    soak_seconds: soak,
  };
}
