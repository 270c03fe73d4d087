// What became of an appliance, on one axis: its boots, deaths, changes of version, operations and
// bundles as marks of lanes. Pure: what was fetched goes in, what is drawn and told comes out.
import type { Boot, Bundle, ComponentSpan, Operation } from "../../api/types";
import type { Tone } from "../../ui/Badge";
import { formatDuration, operationTitle } from "../../ui/format";
import { bootEndTone, bootEndWord } from "../../ui/states";
import { componentName } from "./components";

export const LANES = [
  ["boots", "Boots"],
  ["deaths", "Ends"],
  ["versions", "Versions"],
  ["operations", "Operations"],
  ["bundles", "Debug files"],
] as const;

export type Lane = (typeof LANES)[number][0];

/** Where more is told of a mark. */
export type Target =
  | { readonly to: "boots" }
  | { readonly to: "operation"; readonly id: string }
  | { readonly to: "bundle"; readonly id: string };

export interface Mark {
  readonly id: string;
  readonly lane: Lane;
  readonly from: number;
  /** Until when, where it lasted. */
  readonly to: number | null;
  readonly tone: Tone;
  /** What it is. */
  readonly title: string;
  /** What else is known of it. */
  readonly detail: string;
  readonly target: Target | null;
}

export interface History {
  readonly boots: readonly Boot[];
  readonly spans: readonly ComponentSpan[];
  readonly operations: readonly Operation[];
  readonly bundles: readonly Bundle[];
  /** What VMs are called. */
  readonly vms: ReadonlyMap<string, string>;
}

/** All marks, oldest first. */
export function marksOf(history: History, now: number): readonly Mark[] {
  const marks = [
    ...history.boots.flatMap((boot) => bootMarks(boot, now)),
    ...versionMarks(history.spans, history.vms),
    ...history.operations.map((operation) => operationMark(operation, now)),
    ...history.bundles.map(bundleMark),
  ];
  // What ended comes before what began at the same time.
  const rank = ({ to }: Mark) => (to === null ? 0 : 1);
  return marks.toSorted((a, b) => a.from - b.from || rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

/** An end that is part of the work needs no looking at. */
const ORDERLY: ReadonlySet<string> = new Set(["clean", "upgrade"]);

function bootMarks(boot: Boot, now: number): Mark[] {
  const from = Date.parse(boot.started_at);
  const end = boot.ended_at ? Date.parse(boot.ended_at) : null;
  const to = Math.max(from, end ?? now);
  const key = `${boot.epoch} ${boot.boot_id}`;
  const lasted = formatDuration((to - from) / 1000);
  const word = boot.end ? bootEndWord(boot.end) : null;
  const epoch = boot.epoch > 1 ? `, epoch ${boot.epoch}` : "";
  const run: Mark = {
    id: `boot ${key}`,
    lane: "boots",
    from,
    to,
    tone: bootEndTone(boot.end),
    title: word ? `Ran ${lasted}` : `Runs for ${lasted}`,
    detail: word ? `Ended: ${word}${epoch}` : `It is running${epoch}`,
    target: { to: "boots" },
  };
  if (!boot.end || !word || ORDERLY.has(boot.end) || end === null) return [run];
  const confidence = boot.confidence ? `${boot.confidence} confidence` : "";
  const evidence = (boot.evidence ?? []).join(" ");
  const death: Mark = {
    id: `death ${key}`,
    lane: "deaths",
    from: end,
    to: null,
    tone: bootEndTone(boot.end),
    title: word,
    detail: [`after ${lasted}`, confidence, evidence].filter((part) => part !== "").join("; "),
    target: { to: "boots" },
  };
  return [run, death];
}

/** A span that another of the same component, or of the same VM, was before. */
function versionMarks(spans: readonly ComponentSpan[], vms: ReadonlyMap<string, string>): Mark[] {
  return spans.flatMap((span, index) => {
    // Those of one component come newest first.
    const before = spans[index + 1];
    if (before?.component !== span.component || (before.vm ?? null) !== (span.vm ?? null))
      return [];
    const name = componentName(span, vms);
    const mark: Mark = {
      id: `version ${span.component} ${span.vm ?? ""} ${span.from}`,
      lane: "versions",
      from: Date.parse(span.from),
      to: null,
      tone: "info",
      title: `${name}: ${span.value}`,
      detail: `before that ${before.value}`,
      target: null,
    };
    return [mark];
  });
}

const OPERATION_TONES: Readonly<Record<string, Tone>> = {
  succeeded: "good",
  failed: "bad",
  rejected: "bad",
  lost: "warn",
  cancelled: "quiet",
  expired: "quiet",
  written_off: "quiet",
};

function operationMark(operation: Operation, now: number): Mark {
  const { id, kind, state, created_at, started_at, ended_at, requested_by, reason } = operation;
  const from = Date.parse(started_at ?? created_at);
  const isUnderWay = !ended_at && !(state in OPERATION_TONES);
  const to = ended_at ? Date.parse(ended_at) : isUnderWay && started_at ? now : null;
  const words = [
    state.replaceAll("_", " "),
    `by ${requested_by?.email ?? "the server"}`,
    reason?.message ?? "",
  ];
  return {
    id: `operation ${id}`,
    lane: "operations",
    from,
    to: to === null ? null : Math.max(from, to),
    tone: OPERATION_TONES[state] ?? "info",
    title: operationTitle(kind),
    detail: words.filter((word) => word !== "").join("; "),
    target: { to: "operation", id },
  };
}

function bundleMark({ id, created_at, trigger, state, file_name }: Bundle): Mark {
  return {
    id: `bundle ${id}`,
    lane: "bundles",
    from: Date.parse(created_at),
    to: null,
    tone: state === "failed" ? "bad" : trigger === "unclean_boot" ? "warn" : "info",
    title: file_name ?? "Debug bundle",
    detail: `${trigger.replaceAll("_", " ")}; ${state}`,
    target: { to: "bundle", id },
  };
}

export const RANGES = [
  ["30", "30 days", 30],
  ["90", "90 days", 90],
  ["all", "All", null],
] as const;

export type Range = (typeof RANGES)[number][0];

export function rangeOf(typed: string | undefined): Range {
  return RANGES.find(([value]) => value === typed)?.[0] ?? "30";
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

const DAY = 86_400_000;

/** From when to when is drawn. Clocks of boxes may be ahead: what is to come is drawn as well. */
export function spanOf(range: Range, marks: readonly Mark[], now: number): Span {
  const to = Math.max(now, ...marks.map((mark) => Math.max(mark.from, mark.to ?? 0)));
  const days = RANGES.find(([value]) => value === range)?.[2] ?? null;
  if (days !== null) return { from: now - days * DAY, to };
  return { from: Math.min(now - DAY, ...marks.map((mark) => mark.from)), to };
}

/** Those that are in a span, whole or in part. */
export function within(marks: readonly Mark[], { from, to }: Span): readonly Mark[] {
  return marks.filter((mark) => (mark.to ?? mark.from) >= from && mark.from <= to);
}

/** A boot that began, by its clock, before the one before it was over. */
export interface Jump {
  readonly bootId: string;
  readonly startedAt: string;
  readonly before: string;
  readonly seconds: number;
}

/**
 * Where dom0's clock jumped. The order is the server's, newest first by their clocks: two that
 * overlap cannot both be right.
 */
export function jumpsOf(boots: readonly Boot[]): readonly Jump[] {
  const ordered = boots.toSorted((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at));
  return ordered.flatMap((boot, index) => {
    const before = ordered[index - 1];
    if (!before?.ended_at) return [];
    const seconds = (Date.parse(before.ended_at) - Date.parse(boot.started_at)) / 1000;
    if (seconds <= 0) return [];
    const { boot_id: bootId, started_at: startedAt } = boot;
    return [{ bootId, startedAt, before: before.ended_at, seconds }];
  });
}
