// What can be said of freezes, in sentences.
import type { Verdict } from "../api/types";
import { componentList } from "./componentNames";
import { count } from "./format";
import { formatDays } from "./statistics";

/** The hazard ratio that the server thinks worth finding. */
const WORTHWHILE = "three times";

export function verdictTitle(verdict: Verdict): string {
  switch (verdict.kind) {
    case "not_enough":
      return "Not enough was watched to say anything";
    case "nothing_stands_out":
      return "Nothing stands out";
    case "inseparable":
      return "Suspects that cannot be told apart";
    case "suspects": {
      const [first, ...others] = verdict.suspects;
      const names = componentList(first?.components ?? []);
      return others.length === 0 ? `Suspect: ${names}` : `Suspects: ${names}, and others`;
    }
    default:
      return "A newer server says something that this page does not know";
  }
}

/** What the title means. */
export function verdictWords(verdict: Verdict): string[] {
  switch (verdict.kind) {
    case "not_enough": {
      const { have, need } = verdict;
      return [
        `${count(Math.round(have.deaths), "death")} in ${formatDays(have.appliance_days)} appliance-days were watched.`,
        `To find a component with which death is ${WORTHWHILE} as likely takes about ` +
          `${formatDays(need.deaths)} deaths; as often as appliances die here, that is ` +
          `${formatDays(need.appliance_days)} appliance-days.`,
      ];
    }
    case "nothing_stands_out":
      return [
        "No component that could be compared makes a difference that chance does not explain.",
        ...(verdict.too_little.length === 0
          ? []
          : [`Of ${componentList(verdict.too_little)} too little was watched to say even that.`]),
      ];
    case "inseparable":
    case "suspects":
      return [
        "What goes together with deaths is a suspect. That it is the cause cannot be seen from here; the evidence:",
      ];
    default:
      return [];
  }
}
