// What can be done about a mitigation, and what was last said of it.
import {
  mitigationAnswersOf,
  type MitigationAnswer,
  type MitigationAnswers,
} from "../../api/mitigations";
import type { MitigationStanding, Operation } from "../../api/types";

/** Why something makes no sense as it stands; nothing where it does. */
export interface MitigationReasons {
  readonly apply: string | null;
  readonly revert: string | null;
}

export function reasonsOf({ status, ours }: MitigationStanding): MitigationReasons {
  return {
    apply: applyReason(status),
    revert: ours ? null : "It was not applied from here, so there is nothing to take back.",
  };
}

function applyReason(status: MitigationStanding["status"]): string | null {
  switch (status) {
    case "applied":
    case "pending_reboot":
      return "It is applied already.";
    case "built_in":
      return "It is part of the release.";
    case "not_offered":
      return "It is not for this release.";
    default:
      return null;
  }
}

export interface LastAnswer {
  readonly operation: Operation;
  readonly given: MitigationAnswers;
  readonly answer: MitigationAnswer;
}

/** What was last said of a mitigation; `operations` come newest first. */
export function lastAnswer(operations: readonly Operation[], which: string): LastAnswer | null {
  for (const operation of operations) {
    const given = mitigationAnswersOf(operation.result);
    const answer = given?.answers.find((one) => one.which === which);
    if (given && answer) return { operation, given, answer };
  }
  return null;
}
