import type { NextTimes } from "../../api/types";
import { count } from "../../ui/format";
import styles from "./Schedules.module.css";

/** The next times, by the clocks of the sites: one line for each time zone. */
export function NextTimesList({ next }: { next: readonly NextTimes[] }) {
  if (next.length === 0) return <>nothing, while it chooses no appliance</>;
  return (
    <ul className={styles.times}>
      {next.map(({ time_zone: zone, appliances, at }) => (
        <li key={zone}>
          {at.map((moment) => (
            <time key={moment} dateTime={moment}>
              {shown(moment, zone)}
            </time>
          ))}
          <span className="muted">
            {zone}, {count(appliances, "appliance")}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What the clock shows there. */
export function shown(moment: string, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
  }).format(Date.parse(moment));
}
