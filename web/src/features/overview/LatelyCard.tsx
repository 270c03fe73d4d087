import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import {
  failedLately,
  graveFindings,
  joinedLately,
  JOINED,
  NEWEST,
  STARTED_LATELY,
  startedLately,
} from "../../api/overview";
import { GRAVE } from "../../api/signatures";
import { useNow } from "../../ui/clock";
import { count } from "../../ui/format";
import { Card, Facts } from "../../ui/Page";
import { BootEndBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import {
  atLeastWords,
  countLate,
  endedLately,
  endWords,
  graveBundles,
  isAmiss,
  isLate,
  type Ended,
} from "./lately";
import { Part, useEveryMinute } from "./Part";
import styles from "./Overview.module.css";

/** So many ends are listed; the table of appliances has the others. */
const LISTED = 8;

/** What is new since yesterday. */
export function LatelyCard() {
  return (
    <Card title="The last 24 hours">
      <Facts
        rows={[
          ["Started", <Restarted key="started" />],
          ["Found in debug files", <Grave key="grave" />],
          ["Failed operations", <Failed key="failed" />],
          ["New appliances", <Joined key="joined" />],
        ]}
      />
      <EndsTable />
    </Card>
  );
}

function useStarted() {
  return useQuery({ ...startedLately(), refetchInterval: useEveryMinute() });
}

function Restarted() {
  const now = useNow(60_000);
  return (
    <Part found={useStarted()} what="boots">
      {({ total, started }) => {
        const ended = endedLately(started, now);
        return (
          <>
            <Link to="/appliances" search={{ q: STARTED_LATELY, sort: "-booted_at" }}>
              {count(total, "appliance")}
            </Link>
            {ended.length > 0 && `, after ${endWords(ended)}`}
            {total > started.length && ` of the ${started.length} that were started last`}
          </>
        );
      }}
    </Part>
  );
}

function Grave() {
  const now = useNow(60_000);
  const found = useQuery({ ...graveFindings(), refetchInterval: useEveryMinute() });
  return (
    <Part found={found} what="findings">
      {(findings) => (
        <>
          something fatal or critical in{" "}
          <Link to="/signatures/findings" search={{ severity: GRAVE, sort: "-found_at" }}>
            {atLeastWords(graveBundles(findings, now, NEWEST), "bundle")}
          </Link>
        </>
      )}
    </Part>
  );
}

function Failed() {
  const now = useNow(60_000);
  const found = useQuery({ ...failedLately(), refetchInterval: useEveryMinute() });
  return (
    <Part found={found} what="operations">
      {(times) => (
        <>
          <Link to="/operations" search={{ state: "failed", sort: "-created_at" }}>
            {atLeastWords(countLate(times, now, NEWEST), "operation")}
          </Link>{" "}
          that were asked for since then
        </>
      )}
    </Part>
  );
}

function Joined() {
  const now = useNow(60_000);
  const found = useQuery({ ...joinedLately(), refetchInterval: useEveryMinute() });
  return (
    <Part found={found} what="appliances">
      {(joined) => {
        const times = joined.map(({ joined_at }) => joined_at);
        const named = joined.filter(({ joined_at }) => isLate(joined_at, now)).slice(0, 3);
        return (
          <>
            <Link to="/appliances" search={{ sort: "-created_at" }}>
              {atLeastWords(countLate(times, now, JOINED), "appliance")}
            </Link>
            {named.length > 0 && ", the last: "}
            {named.map(({ id, name }, at) => (
              <span key={id}>
                {at > 0 && ", "}
                <Link to="/appliances/$id" params={{ id }}>
                  {name}
                </Link>
              </span>
            ))}
          </>
        );
      }}
    </Part>
  );
}

/** The ends that somebody may want to look into. */
function EndsTable() {
  const now = useNow(60_000);
  const { data } = useStarted();
  const amiss = endedLately(data?.started ?? [], now).filter(isAmiss);
  if (amiss.length === 0) return null;
  const more = amiss.length - LISTED;
  return (
    <div className={styles.ends}>
      <h3>Deaths and unknown ends</h3>
      <Table
        label="Deaths and unknown ends"
        columns={COLUMNS}
        rows={amiss.slice(0, LISTED)}
        rowKey={({ key }) => key}
      />
      {more > 0 && (
        <p className={styles.padded}>
          <Link to="/appliances" search={{ q: STARTED_LATELY, sort: "-booted_at" }}>
            {count(more, "other")} before
          </Link>
        </p>
      )}
    </div>
  );
}

const COLUMNS: readonly TableColumn<Ended>[] = [
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ appliance: { id, name } }) => (
      <Link to="/appliances/$id/boots" params={{ id }}>
        {name}
      </Link>
    ),
  },
  { key: "end", title: "Its boot ended", cell: ({ end }) => <BootEndBadge state={end} bare /> },
  { key: "again", title: "Started again", cell: ({ started_at }) => <Time at={started_at} /> },
];
