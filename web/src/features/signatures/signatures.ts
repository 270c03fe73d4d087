// Signatures and findings: what is typed, and what is looked for.
import { GRAVE, SEVERITIES } from "../../api/signatures";
import type { NewSignature, Severity, Signature } from "../../api/types";
import { withinTerm } from "../../api/within";
import { severityWord } from "../../ui/states";

/** What is typed into the form. */
export interface SignatureDraft {
  readonly id: string;
  readonly meaning: string;
  readonly severity: Severity;
  readonly advice: string;
  /** One a line. */
  readonly patterns: string;
  readonly samples: string;
  readonly hasTrace: boolean;
}

export const EMPTY_DRAFT: SignatureDraft = {
  id: "",
  meaning: "",
  severity: "high",
  advice: "",
  patterns: "",
  samples: "",
  hasTrace: false,
};

export function draftError({ id }: SignatureDraft): string | null {
  if (id === "" || /^[a-z0-9_-]{1,60}$/.test(id)) return null;
  return "Small letters, digits and underscores, such as pbx_stopped.";
}

/** What is added; nothing while something is missing. */
export function signatureOf(draft: SignatureDraft): NewSignature | null {
  const [patterns, samples] = [linesOf(draft.patterns), linesOf(draft.samples)];
  const [id, meaning] = [draft.id.trim(), draft.meaning.trim()];
  if (id === "" || meaning === "" || patterns.length === 0) return null;
  return {
    id,
    meaning,
    severity: draft.severity,
    advice: draft.advice.trim(),
    patterns,
    samples,
    has_trace: draft.hasTrace,
  };
}

/** Blanks at the ends of a line may be meant; empty lines are not. */
export function linesOf(typed: string): string[] {
  return typed
    .split("\n")
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => line.trim() !== "");
}

/** The gravest first, and those of one severity by their id. */
export function sorted(signatures: readonly Signature[]): readonly Signature[] {
  const rank = ({ severity }: Signature) => SEVERITIES.indexOf(severity);
  return signatures.toSorted((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

export interface FindingFilter {
  readonly appliance?: string | undefined;
  readonly signature?: string | undefined;
  readonly severity?: string | undefined;
  readonly found?: string | undefined;
}

/** What findings are held to, and what that is called; `GRAVE` is what somebody should look into first. */
export const SEVERITY_CHOICES: ReadonlyArray<readonly [string, string]> = [
  [GRAVE, "Fatal or critical"],
  ...SEVERITIES.map((known) => [known, severityWord(known)] as const),
];

/** The filter of the API; what cannot be written in it is left out. */
export function findingFilter(filter: FindingFilter): string {
  const text = (given = "") => given.trim().replaceAll(/["\\]/g, "");
  const [appliance, signature] = [text(filter.appliance), text(filter.signature)];
  const severity = SEVERITY_CHOICES.find(([known]) => known === filter.severity)?.[0];
  return [
    appliance === "" ? "" : `appliance~"${appliance}"`,
    signature === "" ? "" : `signature~"${signature}"`,
    severity ? `severity=${severity}` : "",
    withinTerm("found", filter.found),
  ]
    .filter((term) => term !== "")
    .join(" ");
}

export const FINDING_ORDERS: ReadonlyArray<readonly [string, string]> = [
  ["-severity", "Gravest first"],
  ["-found_at", "Newest first"],
  ["found_at", "Oldest first"],
  ["signature", "By signature"],
];

export function findingOrder(sort: string | undefined): string {
  return FINDING_ORDERS.find(([value]) => value === sort)?.[0] ?? "-severity";
}
