import type { ComponentTest, Hazard, JointModel as Model } from "../../api/types";
import { endsOfRatios, logAxis } from "../../charts/axis";
import { Figure, type FigureColumn, type FileColumn } from "../../charts/Figure";
import { Whiskers, whiskersHeight, type Whisker } from "../../charts/Whiskers";
import { componentList } from "../../ui/componentNames";
import { count } from "../../ui/format";
import { Card } from "../../ui/Page";
import { formatDays, formatNumber, formatP, formatRange } from "../../ui/statistics";
import { capital } from "./words";

interface Row {
  readonly test: ComponentTest;
  readonly hazard: Hazard;
}

/** All components at once. */
export function JointModel({ model }: { model: Model }) {
  const rows = model.tests.flatMap((test) => test.values.map((hazard): Row => ({ test, hazard })));
  const whiskers = rows.map(whiskerOf);
  const [from, to] = endsOfRatios(
    whiskers.map(({ low, high }) => ({ low, high: high ?? Infinity })),
  );
  return (
    <Card title="All components at once">
      <Figure
        title="Hazard ratios of the joint model"
        summary={`How many times likelier death is with ${count(rows.length, "value")}, all other components being the same, with intervals. The same numbers are in the table.`}
        columns={COLUMNS}
        inFile={IN_FILE}
        rows={rows}
        rowKey={keyOf}
        height={(width) => whiskersHeight(whiskers.length, width)}
        draw={(width) => (
          <Whiskers
            whiskers={whiskers}
            width={width}
            axis={(stretch) => logAxis(from, to, stretch)}
            word="Hazard ratio: 1 is no difference"
            line={1}
          />
        )}
      >
        <p>
          How many times likelier death is with a value than with the one that was watched longest,
          all other components being the same, and knowing how each appliance had fared before (95
          %).
          {` ${count(model.deaths, "death")} in ${formatDays(model.appliance_days)} appliance-days are in it`}
          {model.left_out_days > 0 &&
            `; ${formatDays(model.left_out_days)} are left out, because something in them was too rare to be compared`}
          . Appliances differ whatever they are made of with a variance of{" "}
          {formatNumber(model.frailty)}.
        </p>
      </Figure>
    </Card>
  );
}

function keyOf({ test, hazard }: Row): string {
  return `${test.components.join("+")} ${hazard.component}=${hazard.value}`;
}

function whiskerOf(row: Row): Whisker {
  const { test, hazard } = row;
  const ratio = hazard.hazard_ratio;
  return {
    key: keyOf(row),
    label: `${hazard.value}, ${componentList(test.components)}`,
    words: ratio ? formatRange(ratio) : (hazard.why_not ?? "no number"),
    value: ratio?.value ?? null,
    low: ratio?.low ?? 0,
    high: ratio?.high ?? null,
  };
}

const ratioOf = (range: Hazard["hazard_ratio"], why?: string | null) =>
  range ? formatRange(range) : (why ?? "–");

const IN_FILE: readonly FileColumn<Row>[] = [
  { title: "At least", raw: ({ hazard }) => hazard.hazard_ratio?.low },
  { title: "At most", raw: ({ hazard }) => hazard.hazard_ratio?.high },
  { title: "Appliance-days", raw: ({ hazard }) => hazard.appliance_days },
  { title: "Deaths beside", raw: ({ hazard }) => hazard.reference_deaths },
  { title: "Appliance-days beside", raw: ({ hazard }) => hazard.reference_appliance_days },
];

const COLUMNS: readonly FigureColumn<Row>[] = [
  {
    key: "component",
    title: "Component",
    cell: ({ test }) => capital(componentList(test.components)),
    raw: ({ test }) => test.components.join("+"),
  },
  {
    key: "value",
    title: "Value",
    cell: ({ hazard }) => hazard.value,
    raw: ({ hazard }) => hazard.value,
  },
  {
    key: "reference",
    title: "Beside",
    cell: ({ hazard }) => hazard.reference,
    raw: ({ hazard }) => hazard.reference,
  },
  {
    key: "deaths",
    title: "Deaths",
    number: true,
    cell: ({ hazard }) =>
      `${hazard.deaths.toLocaleString("en-GB")} in ${formatDays(hazard.appliance_days)} d`,
    raw: ({ hazard }) => hazard.deaths,
  },
  {
    key: "ratio",
    title: "Hazard ratio",
    number: true,
    cell: ({ hazard }) => ratioOf(hazard.hazard_ratio, hazard.why_not),
    raw: ({ hazard }) => hazard.hazard_ratio?.value,
  },
  {
    key: "cox",
    title: "By Cox’s model",
    number: true,
    cell: ({ hazard }) => ratioOf(hazard.cox_hazard_ratio),
    raw: ({ hazard }) => hazard.cox_hazard_ratio?.value,
  },
  {
    key: "p",
    title: "p of the component, after Holm",
    number: true,
    cell: ({ test }) => formatP(test.p_adjusted),
    raw: ({ test }) => test.p_adjusted,
  },
  {
    key: "unknown",
    title: "p were unknown ends deaths",
    number: true,
    cell: ({ test }) => formatP(test.p_with_unknown),
    raw: ({ test }) => test.p_with_unknown,
  },
  {
    key: "detectable",
    title: "Ratio that would have been found",
    number: true,
    cell: ({ test: { detectable_ratio: ratio } }) =>
      typeof ratio === "number" ? formatNumber(ratio) : "none",
    raw: ({ test }) => test.detectable_ratio,
  },
];
