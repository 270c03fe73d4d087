// What was found, in sentences. Never the cause: a suspect, and what speaks for it.
import type { ComponentReport, Diagnosis, Named } from "../../api/types";
import { componentList, componentName } from "../../ui/componentNames";
import { count } from "../../ui/format";
import { formatNumber, formatP, formatRange, pWords } from "../../ui/statistics";

/** What stands in the way of saying more. */
export function reservations(diagnosis: Diagnosis, names: readonly Named[]): string[] {
  const { constant, unchanged, hangs_on_one, left_out, why_no_model } = diagnosis;
  const hanging = hangs_on_one.map((one) => {
    const without =
      typeof one.p_without === "number"
        ? `without it chance would do as much with a probability of ${formatP(one.p_without)}`
        : "without it nothing could be said";
    return (
      `${capital(componentList(one.components))} is not named, because it hangs on one appliance: of the ` +
      `${count(one.of, "death")} with ${one.value}, ${one.deaths} are of ${nameOf(one.appliance, names)}; ${without}.`
    );
  });
  const always = constant.length > 0;
  const settings = unchanged.length > 0;
  return [
    ...hanging,
    ...(always
      ? [
          `Of ${componentList(constant)} only one value was watched long enough: nothing can be said of it.`,
        ]
      : []),
    ...(settings
      ? [
          `Nobody changed ${componentList(unchanged)} while being watched. Who had it from the beginning may have been given it because of freezes, so nothing can be said of it.`,
        ]
      : []),
    ...(why_no_model ? [`There is no joint model: ${why_no_model}.`] : []),
    ...(left_out > 0 ? [`${count(left_out, "interval")} made no sense and were left out.`] : []),
  ];
}

const IN_SENTENCES: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bdom0_kernel\b/g, "dom0 kernel"],
  [/\bqemu_running\b/g, "running QEMU"],
  [/\bqemu_installed\b/g, "installed QEMU"],
  [/\bdisk_format\b/g, "disk format"],
  [/\bio_scheduler\b/g, "I/O scheduler"],
];

/** A sentence of the server, with names in place of ids and of words of the interface. */
export function readable(sentence: string, names: readonly Named[]): string {
  const spoken = IN_SENTENCES.reduce((text, [word, name]) => text.replace(word, name), sentence);
  return names.reduce((text, { id, name }) => text.replaceAll(id, name), spoken);
}

/** The name of an appliance; what is only known from a table goes by its name anyway. */
export function nameOf(appliance: string, names: readonly Named[]): string {
  return names.find(({ id }) => id === appliance)?.name ?? appliance;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether the curves of a component differ. */
export function logRankWords({ log_rank, component }: ComponentReport): string {
  if (!log_rank) return "There is nothing to compare by the log-rank test.";
  const { chi2, df, p } = log_rank;
  return (
    `Log-rank test: χ² = ${formatNumber(chi2)} with ${count(df, "degree")} of freedom, ${pWords(p)}. ` +
    `It does not know of components other than ${componentName(component)}, nor that boots of one appliance are alike.`
  );
}

/** How one of two values fared beside the other. */
export function ratioWords({ values }: ComponentReport): string | null {
  const compared = values.find((value) => value.compared);
  const other = values.find((value) => value !== compared);
  if (!compared?.compared || !other) return null;
  const { ratio, p } = compared.compared;
  return (
    `With ${compared.value} the rate of deaths is ${formatRange(ratio)} times that with ${other.value} ` +
    `(exact interval, 95 %; ${pWords(p)}, were no two deaths to have to do with each other).`
  );
}
