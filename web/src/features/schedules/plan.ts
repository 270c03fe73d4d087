// What is typed into the form of a schedule, and the plan that it stands for.
import type { Day } from "../../api/schedules";
import type { SchedulePlan } from "../../api/types";

export interface Typed {
  readonly name: string;
  readonly filter: string;
  readonly at: string;
  readonly spread: string;
  readonly days: readonly Day[];
  readonly how: "snapshot" | "shut_down" | "must_be_off";
  readonly last: string;
  readonly daily: string;
  readonly weekly: string;
  readonly monthly: string;
  readonly encrypted: boolean;
  readonly parity: boolean;
}

const text = (number: number | undefined | null): string => (number ? String(number) : "");

/** What stands in the form at first: a plan, or what most want. */
export function typedOf(plan?: SchedulePlan): Typed {
  if (!plan) {
    return {
      name: "",
      filter: "",
      at: "02:00",
      spread: "60",
      days: [],
      how: "snapshot",
      last: "",
      daily: "7",
      weekly: "4",
      monthly: "",
      encrypted: false,
      parity: false,
    };
  }
  return {
    name: plan.name,
    filter: plan.filter ?? "",
    at: plan.when.at,
    spread: String(plan.when.spread_minutes ?? 0),
    days: plan.when.days ?? [],
    how: plan.how ?? "snapshot",
    last: text(plan.keep?.last),
    daily: text(plan.keep?.daily),
    weekly: text(plan.keep?.weekly),
    monthly: text(plan.keep?.monthly),
    encrypted: plan.encrypted ?? false,
    parity: plan.parity ?? false,
  };
}

/** A count; nothing where none is typed, and not a number where something else is. */
function number(typed: string): number {
  const trimmed = typed.trim();
  if (trimmed === "") return 0;
  return /^\d{1,4}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** The plan, or nothing while it is not complete. Appliances that `before` names one by one stay. */
export function planOf(typed: Typed, before?: SchedulePlan): SchedulePlan | null {
  const name = typed.name.trim();
  const spread = number(typed.spread);
  const keep = {
    last: number(typed.last),
    daily: number(typed.daily),
    weekly: number(typed.weekly),
    monthly: number(typed.monthly),
  };
  const counts = Object.values(keep);
  const isComplete = name !== "" && /^\d\d:\d\d$/.test(typed.at);
  if (!isComplete || [spread, ...counts].some(Number.isNaN)) return null;
  const named = before?.appliances;
  return {
    name,
    ...(named ? { appliances: named } : { filter: typed.filter.trim() }),
    how: typed.how,
    when: { at: typed.at, days: [...typed.days], spread_minutes: spread },
    ...(counts.some((count) => count > 0) ? { keep } : {}),
    encrypted: typed.encrypted,
    parity: typed.parity,
  };
}
