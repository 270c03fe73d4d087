import type { ValueReport } from "../api/types";
import { count } from "../ui/format";
import { formatDays, formatP, formatRange } from "../ui/statistics";
import { endOfRates, linearAxis } from "./axis";
import { Figure, type FigureColumn, type FileColumn } from "./Figure";
import { Whiskers, whiskersHeight, type Whisker } from "./Whiskers";

interface RatesFigureProps {
  title: string;
  values: readonly ValueReport[];
}

/** How often appliances died with each value. */
export function RatesFigure({ title, values }: RatesFigureProps) {
  const whiskers = values.map(whiskerOf);
  const end = endOfRates(
    values.map(({ rate_per_1000: rate, rate_per_1000_with_unknown: most }) => ({
      low: rate?.low ?? 0,
      high: Math.max(rate?.high ?? Infinity, most?.value ?? 0),
    })),
  );
  return (
    <Figure
      title={title}
      summary={`Deaths in 1000 appliance-days, with intervals, for ${count(values.length, "value")}. The same numbers are in the table.`}
      columns={COLUMNS}
      inFile={IN_FILE}
      rows={values}
      rowKey={({ value }) => value}
      height={(width) => whiskersHeight(whiskers.length, width)}
      draw={(width) => (
        <Whiskers
          whiskers={whiskers}
          width={width}
          axis={(stretch, most) => linearAxis(end, stretch, most)}
          word="Deaths in 1000 appliance-days"
        />
      )}
    >
      <p>
        Dots with exact intervals (95 %). The pale bar reaches to where the rate were if all ends
        that nobody knows of were deaths, the dots behind it to the end of that interval: what is
        true is most likely in between. An arrow goes beyond the picture.
      </p>
    </Figure>
  );
}

function whiskerOf(report: ValueReport): Whisker {
  const { value, deaths, unknown, appliance_days, rate_per_1000: rate } = report;
  const most = report.rate_per_1000_with_unknown;
  return {
    key: value,
    label: value,
    words: rate
      ? `${formatRange(rate)}, ${deaths} in ${formatDays(appliance_days)} d`
      : "not watched for any time",
    value: rate?.value ?? null,
    low: rate?.low ?? 0,
    high: rate?.high ?? null,
    band:
      unknown > 0 && typeof most?.value === "number"
        ? { to: most.value, high: most.high ?? Infinity }
        : undefined,
  };
}

const IN_FILE: readonly FileColumn<ValueReport>[] = [
  { title: "At least", raw: ({ rate_per_1000: rate }) => rate?.low },
  { title: "At most", raw: ({ rate_per_1000: rate }) => rate?.high },
  { title: "Times: at least", raw: ({ compared }) => compared?.ratio.low },
  { title: "Times: at most", raw: ({ compared }) => compared?.ratio.high },
  { title: "Half are left at, in days", raw: ({ median_days }) => median_days },
  { title: "Provoked", raw: ({ provoked }) => provoked },
  { title: "Never came back", raw: ({ lost }) => lost },
];

const COLUMNS: readonly FigureColumn<ValueReport>[] = [
  { key: "value", title: "Value", cell: ({ value }) => value, raw: ({ value }) => value },
  {
    key: "appliances",
    title: "Appliances",
    number: true,
    cell: ({ appliances }) => appliances.toLocaleString("en-GB"),
    raw: ({ appliances }) => appliances,
  },
  {
    key: "boots",
    title: "Boots",
    number: true,
    cell: ({ boots }) => boots.toLocaleString("en-GB"),
    raw: ({ boots }) => boots,
  },
  {
    key: "days",
    title: "Appliance-days",
    number: true,
    cell: ({ appliance_days }) => formatDays(appliance_days),
    raw: ({ appliance_days }) => appliance_days,
  },
  {
    key: "deaths",
    title: "Deaths",
    number: true,
    cell: ({ deaths }) => deaths.toLocaleString("en-GB"),
    raw: ({ deaths }) => deaths,
  },
  {
    key: "most",
    title: "Most of one appliance",
    number: true,
    cell: ({ most_of_one_appliance }) => most_of_one_appliance,
    raw: ({ most_of_one_appliance }) => most_of_one_appliance,
  },
  {
    key: "unknown",
    title: "Unknown ends",
    number: true,
    cell: ({ unknown }) => unknown.toLocaleString("en-GB"),
    raw: ({ unknown }) => unknown,
  },
  {
    key: "rate",
    title: "In 1000 appliance-days",
    number: true,
    cell: ({ rate_per_1000 }) => (rate_per_1000 ? formatRange(rate_per_1000) : "–"),
    raw: ({ rate_per_1000 }) => rate_per_1000?.value,
  },
  {
    key: "all",
    title: "Were all unknown ends deaths",
    number: true,
    cell: ({ rate_per_1000_with_unknown: most }) => (most ? formatRange(most) : "–"),
    raw: ({ rate_per_1000_with_unknown: most }) => most?.value,
  },
  {
    key: "compared",
    title: "Times that of the longest watched",
    number: true,
    cell: ({ compared }) => (compared ? formatRange(compared.ratio) : "–"),
    raw: ({ compared }) => compared?.ratio.value,
  },
  {
    key: "p",
    title: "p",
    number: true,
    cell: ({ compared }) => (compared ? formatP(compared.p) : "–"),
    raw: ({ compared }) => compared?.p,
  },
];
