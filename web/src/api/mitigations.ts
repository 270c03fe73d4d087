// Mitigations: how each stands on an appliance, and what came of asking about them.
import { queryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";
import { isRecord, list, text, texts, type Given } from "./given";
import { fetchOperations } from "./queries";

export const applianceMitigations = (id: string) =>
  queryOptions({
    queryKey: ["appliance", id, "mitigations"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/appliances/{id}/mitigations", { params: { path: { id } }, signal }),
      ),
  });

/** How often the appliance died before and after each came into force on it. */
export const mitigationEffects = (id: string) =>
  queryOptions({
    queryKey: ["appliance", id, "mitigation-effects"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/v1/appliances/{id}/mitigations/effect", {
          params: { path: { id } },
          signal,
        }),
      ),
  });

/** What was asked of an appliance about its mitigations, newest first. */
export const mitigationOperations = (id: string) =>
  queryOptions({
    queryKey: ["appliance-operations", id, "mitigations"],
    queryFn: ({ signal }) => {
      const kinds = "mitigation_check,mitigation_apply,mitigation_revert";
      return fetchOperations({ appliance: id, kinds, sort: "-created_at", limit: 50 }, signal);
    },
  });

/** What came of checking, applying or reverting mitigations. */
export interface MitigationAnswers {
  /** Whether it was only said what would be done. */
  readonly dryRun: boolean;
  readonly answers: readonly MitigationAnswer[];
}

export interface MitigationAnswer {
  readonly which: string;
  readonly status: string;
  readonly reasons: readonly string[];
  readonly files: ReadonlyArray<{ readonly path: string; readonly diff: string }>;
  /** What was, or would be, done to the running kernel. */
  readonly commands: readonly string[];
}

export function mitigationAnswersOf(value: unknown): MitigationAnswers | null {
  if (!isRecord(value) || !Array.isArray(value.mitigations)) return null;
  const answers = list(value.mitigations).map(answerOf);
  const known = answers.filter((answer) => answer !== null);
  if (known.length !== value.mitigations.length) return null;
  return { dryRun: value.dry_run === true, answers: known };
}

function answerOf(given: Given): MitigationAnswer | null {
  const [which, status] = [text(given, "which"), text(given, "status")];
  if (which === null || status === null) return null;
  return {
    which,
    status,
    reasons: texts(given, "reasons"),
    files: list(given.files).map((file) => ({
      path: text(file, "path") ?? "",
      diff: text(file, "diff") ?? "",
    })),
    commands: texts(given, "commands"),
  };
}

/** What each does, for people. */
export const MITIGATIONS: Readonly<Record<string, { title: string; effect: string }>> = {
  swap: {
    title: "No swap in dom0",
    effect: "The swap partitions are taken out of /etc/fstab, and swap is switched off.",
  },
  scheduler: {
    title: "I/O scheduler noop",
    effect: "The kernel leaves the order of I/O to the disks: in the boot menu, and at once.",
  },
  overcommit: {
    title: "No overcommitted memory",
    effect: "dom0 promises no more memory than it has: vm.overcommit_memory is 2.",
  },
};

export function mitigationTitle(which: string): string {
  return MITIGATIONS[which]?.title ?? which.replaceAll("_", " ");
}
