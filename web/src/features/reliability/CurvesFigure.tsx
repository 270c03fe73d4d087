import { useState } from "react";

import type { CurveStep, ValueReport } from "../../api/types";
import { Curves, curvesHeight, type Series } from "../../charts/Curves";
import { Figure, type FigureColumn } from "../../charts/Figure";
import { look, MOST_SERIES } from "../../charts/looks";
import { count } from "../../ui/format";
import { mostWatched } from "../../ui/rates";
import { formatDays } from "../../ui/statistics";
import styles from "./Reliability.module.css";

interface CurvesFigureProps {
  title: string;
  values: readonly ValueReport[];
}

type Row = CurveStep & { value: string };

/** Which share of boots with each value is still there at which uptime. */
export function CurvesFigure({ title, values }: CurvesFigureProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const drawn = new Set(mostWatched(values, MOST_SERIES));
  const series = values
    .filter((report) => drawn.has(report))
    .map(({ value, curve }, at): Series => ({ name: value, steps: curve, at }))
    .filter(({ steps }) => steps.length > 0);
  const rows = values.flatMap(({ value, curve }) => curve.map((step): Row => ({ value, ...step })));
  const whole = values.filter(({ curve }) => curve.length === 0).map(({ value }) => value);
  const few = series.length <= 2;
  const banded = few ? series.map(({ name }) => name) : [chosen ?? ""];
  if (series.length === 0) {
    return <p className={styles.padded}>{title}: there is no curve, since nobody died.</p>;
  }
  return (
    <Figure
      title={title}
      summary={`The share that is left at each uptime, as steps, for ${count(series.length, "value")}. The same numbers are in the table.`}
      columns={COLUMNS}
      rows={rows}
      rowKey={({ value, days }) => `${value} ${days}`}
      height={() => curvesHeight(series.length)}
      draw={(width) => <Curves series={series} width={width} banded={banded} />}
    >
      <div role="group" aria-label="Curves" className={styles.legend}>
        {series.map(({ name, at }) =>
          few ? (
            <span key={name} className={styles.key}>
              <Sample at={at} />
              {name}
            </span>
          ) : (
            <button
              key={name}
              type="button"
              className={styles.key}
              aria-pressed={chosen === name}
              onClick={() => setChosen(chosen === name ? null : name)}
            >
              <Sample at={at} />
              {name}
            </button>
          ),
        )}
      </div>
      <p>
        Kaplan and Meier’s estimate with intervals (95 %, on the log-log scale), of boots that were
        watched from late on too. A curve begins at the first uptime at which at least five were
        watched, and ends at the last death.
        {!few && " Choose a value to see the interval of its curve."}
        {whole.length > 0 && ` Nobody died with ${whole.join(", ")}.`}
        {values.length > MOST_SERIES &&
          " The values that were watched less are in the table alone."}
      </p>
    </Figure>
  );
}

function Sample({ at }: { at: number }) {
  const { ink, dash } = look(at);
  return (
    <svg width="26" height="8" aria-hidden="true">
      <path d="M0 4h26" stroke={ink} strokeWidth="2.5" strokeDasharray={dash} />
    </svg>
  );
}

const share = (value: number | null | undefined) =>
  typeof value === "number" ? value.toFixed(3) : "–";

const COLUMNS: readonly FigureColumn<Row>[] = [
  { key: "value", title: "Value", cell: ({ value }) => value, raw: ({ value }) => value },
  {
    key: "days",
    title: "Uptime in days",
    number: true,
    cell: ({ days }) => formatDays(days),
    raw: ({ days }) => days,
  },
  {
    key: "risk",
    title: "Watched",
    number: true,
    cell: ({ at_risk }) => at_risk.toLocaleString("en-GB"),
    raw: ({ at_risk }) => at_risk,
  },
  {
    key: "deaths",
    title: "Deaths",
    number: true,
    cell: ({ deaths }) => deaths.toLocaleString("en-GB"),
    raw: ({ deaths }) => deaths,
  },
  {
    key: "left",
    title: "Share left",
    number: true,
    cell: ({ survival }) => share(survival),
    raw: ({ survival }) => survival,
  },
  {
    key: "low",
    title: "At least",
    number: true,
    cell: ({ low }) => share(low),
    raw: ({ low }) => low,
  },
  {
    key: "high",
    title: "At most",
    number: true,
    cell: ({ high }) => share(high),
    raw: ({ high }) => high,
  },
];
