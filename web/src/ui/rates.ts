// How often appliances died, as it is listed.
import type { ValueReport } from "../api/types";
import { formatDays, formatRange } from "./statistics";
import type { TableColumn } from "./Table";

export const RATE_COLUMNS: readonly TableColumn<ValueReport>[] = [
  {
    key: "appliances",
    title: "Appliances watched",
    number: true,
    cell: ({ appliances }) => appliances.toLocaleString("en-GB"),
  },
  {
    key: "days",
    title: "Appliance-days",
    number: true,
    cell: ({ appliance_days }) => formatDays(appliance_days),
  },
  {
    key: "deaths",
    title: "Freezes",
    number: true,
    cell: ({ deaths }) => deaths.toLocaleString("en-GB"),
  },
  {
    key: "unknown",
    title: "Unknown ends",
    number: true,
    cell: ({ unknown }) => unknown.toLocaleString("en-GB"),
  },
  {
    key: "rate",
    title: "In 1000 appliance-days (95 %)",
    number: true,
    cell: ({ rate_per_1000 }) => (rate_per_1000 ? formatRange(rate_per_1000) : "–"),
  },
];

/** Those that were watched longest, as many as `most`. */
export function mostWatched(values: readonly ValueReport[], most: number): ValueReport[] {
  return values.toSorted((a, b) => b.appliance_days - a.appliance_days).slice(0, most);
}
