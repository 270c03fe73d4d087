import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { comparison } from "../../api/reliability";
import type { BeforeAfter, Comparison, ComponentReport, Named } from "../../api/types";
import { RatesFigure } from "../../charts/RatesFigure";
import { Button } from "../../ui/Button";
import { componentName } from "../../ui/componentNames";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { SelectField } from "../../ui/Field";
import { count } from "../../ui/format";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { formatDays, formatRange } from "../../ui/statistics";
import { Table, type TableColumn } from "../../ui/Table";
import { CurvesFigure } from "./CurvesFigure";
import styles from "./Reliability.module.css";
import { logRankWords, nameOf, ratioWords } from "./words";

interface CompareCardProps {
  report: ComponentReport;
  pair: readonly [string, string];
  q: string;
  onChange: (pair: { a: string; b: string }) => void;
}

/** Two values of a component beside each other. */
export function CompareCard({ report, pair: [a, b], q, onChange }: CompareCardProps) {
  const found = useQuery({
    ...comparison(report.component, a, b, q),
    placeholderData: keepPreviousData,
  });
  const name = componentName(report.component);
  // Who chooses the other one of a pair swaps them.
  const choose = (which: "a" | "b", value: string) => {
    if (which === "a") onChange({ a: value, b: value === b ? a : b });
    else onChange({ a: value === a ? b : a, b: value });
  };
  return (
    <Card title="Two values beside each other">
      <div className={styles.choices}>
        {(["a", "b"] as const).map((which) => (
          <SelectField
            key={which}
            label={which === "a" ? name : "Beside"}
            value={which === "a" ? a : b}
            onChange={(event) => choose(which, event.target.value)}
          >
            {report.values.map(({ value }) => (
              <option key={value} value={value}>
                {value}
              </option>
            ))}
          </SelectField>
        ))}
      </div>
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="both" />
      ) : found.data.report ? (
        <Compared found={found.data} report={found.data.report} />
      ) : (
        <EmptyState title="Neither of them was watched" />
      )}
    </Card>
  );
}

interface ComparedProps {
  found: Comparison;
  report: ComponentReport;
}

function Compared({ found: { around, names }, report }: ComparedProps) {
  // Of what is shown, which may not yet be what was chosen.
  const title = report.values.map(({ value }) => value).join(" beside ");
  const ratio = ratioWords(report);
  return (
    <>
      <RatesFigure title={`${title}: rates`} values={report.values} />
      <CurvesFigure title={`${title}: curves`} values={report.values} />
      <div className={styles.padded}>
        {ratio && <p>{ratio}</p>}
        <p>{logRankWords(report)}</p>
      </div>
      {around.length === 0 && (
        <p className={`${styles.padded} muted`}>
          No appliance was watched before and after it changed from one to the other.
        </p>
      )}
      {around.map((change) => (
        <Around key={`${change.from} ${change.to}`} change={change} names={names} />
      ))}
    </>
  );
}

/** What became of appliances that changed, each beside itself before. */
function Around({ change, names }: { change: BeforeAfter; names: readonly Named[] }) {
  const { from, to, appliances, ratio, ratio_without_last } = change;
  const title = `Before and after ${from} became ${to}`;
  const columns: readonly TableColumn<BeforeAfter["appliances"][number]>[] = [
    {
      key: "appliance",
      title: "Appliance",
      cell: ({ appliance }) =>
        names.some(({ id }) => id === appliance) ? (
          <Link to="/appliances/$id" params={{ id: appliance }}>
            {nameOf(appliance, names)}
          </Link>
        ) : (
          appliance
        ),
    },
    {
      key: "before",
      title: "Deaths before",
      number: true,
      cell: (one) => `${one.deaths_before} in ${formatDays(one.days_before)} d`,
    },
    {
      key: "after",
      title: "Deaths after",
      number: true,
      cell: (one) => `${one.deaths_after} in ${formatDays(one.days_after)} d`,
    },
  ];
  return (
    <section className={styles.around}>
      <h3>{title}</h3>
      <p>
        {count(appliances.length, "appliance")} changed, each compared with itself.{" "}
        {ratio
          ? `They died ${formatRange(ratio)} times as often after it as before. `
          : "None of them died. "}
        {ratio_without_last &&
          `Without the last death of each before it, which may be why it was changed: ${formatRange(ratio_without_last)}. What is true is between the two.`}
      </p>
      <Table
        label={title}
        columns={columns}
        rows={appliances}
        rowKey={({ appliance }) => appliance}
      />
    </section>
  );
}
