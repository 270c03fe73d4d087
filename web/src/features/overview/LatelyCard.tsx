import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { AMISS, DEATHS } from "../../api/boots";
import {
  endsLately,
  failedLately,
  graveFindings,
  joinedLately,
  JOINED_LATELY,
  STARTED_LATELY,
  startedLately,
} from "../../api/overview";
import { GRAVE } from "../../api/signatures";
import type { EndedBoot } from "../../api/types";
import { LATELY } from "../../api/within";
import { useEveryMinute } from "../../live/live";
import { count } from "../../ui/format";
import { Card, Facts } from "../../ui/Page";
import { BootEndBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./Overview.module.css";
import { Part } from "./Part";

/** What is new since yesterday. */
export function LatelyCard() {
  return (
    <Card title="The last 24 hours">
      <Facts
        rows={[
          ["Ended", <Ended key="ended" />],
          ["Started", <Started key="started" />],
          ["Found in debug files", <Grave key="grave" />],
          ["Failed", <Failed key="failed" />],
          ["New", <Joined key="joined" />],
        ]}
      />
      <EndsTable />
    </Card>
  );
}

function useEnds() {
  return useQuery({ ...endsLately(), refetchInterval: useEveryMinute() });
}

function Ended() {
  return (
    <Part found={useEnds()} what="boots">
      {({ all, deaths, unknown }) => (
        <>
          <EndsLink>{count(all, "boot")}</EndsLink>, of them{" "}
          <EndsLink end={DEATHS}>{count(deaths, "death")}</EndsLink> and{" "}
          <EndsLink end="unknown">{count(unknown, "unknown end")}</EndsLink>
        </>
      )}
    </Part>
  );
}

function EndsLink({ end, children }: { end?: string; children: string }) {
  return (
    <Link to="/boots" search={{ ended: LATELY, ...(end ? { end } : {}) }}>
      {children}
    </Link>
  );
}

function Started() {
  const found = useQuery({ ...startedLately(), refetchInterval: useEveryMinute() });
  return (
    <Part found={found} what="appliances">
      {(started) => (
        <Link to="/appliances" search={{ q: STARTED_LATELY, sort: "-booted_at" }}>
          {count(started, "appliance")}
        </Link>
      )}
    </Part>
  );
}

function Grave() {
  const found = useQuery({ ...graveFindings(), refetchInterval: useEveryMinute() });
  return (
    <Part found={found} what="findings">
      {(findings) => (
        <Link
          to="/signatures/findings"
          search={{ severity: GRAVE, found: LATELY, sort: "-found_at" }}
        >
          {count(findings, "fatal or critical finding")}
        </Link>
      )}
    </Part>
  );
}

function Failed() {
  const found = useQuery({ ...failedLately(), refetchInterval: useEveryMinute() });
  return (
    <Part found={found} what="operations">
      {(failed) => (
        <Link to="/operations" search={{ state: "failed", ended: LATELY, sort: "-created_at" }}>
          {count(failed, "operation")}
        </Link>
      )}
    </Part>
  );
}

function Joined() {
  const found = useQuery({ ...joinedLately(), refetchInterval: useEveryMinute() });
  return (
    <Part found={found} what="appliances">
      {({ total, appliances }) => (
        <>
          <Link to="/appliances" search={{ q: JOINED_LATELY, sort: "-created_at" }}>
            {count(total, "appliance")}
          </Link>
          {appliances.length > 0 && ", the last: "}
          {appliances.map(({ id, name }, at) => (
            <span key={id}>
              {at > 0 && ", "}
              <Link to="/appliances/$id" params={{ id }}>
                {name}
              </Link>
            </span>
          ))}
        </>
      )}
    </Part>
  );
}

/** The ends that somebody may want to look into. */
function EndsTable() {
  const { data } = useEnds();
  if (!data || data.newest.length === 0) return null;
  const more = data.amiss - data.newest.length;
  return (
    <div className={styles.ends}>
      <h3>Deaths and unknown ends</h3>
      <Table
        label="Deaths and unknown ends"
        columns={COLUMNS}
        rows={data.newest}
        rowKey={({ appliance, boot_id }) => `${appliance.id} ${boot_id}`}
      />
      {more > 0 && (
        <p className={styles.padded}>
          <EndsLink end={AMISS}>{`${count(more, "other")} before`}</EndsLink>
        </p>
      )}
    </div>
  );
}

const COLUMNS: readonly TableColumn<EndedBoot>[] = [
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ appliance: { id, name } }) => (
      <Link to="/appliances/$id/timeline" params={{ id }}>
        {name}
      </Link>
    ),
  },
  {
    key: "end",
    title: "How its boot ended",
    cell: ({ end }) => end && <BootEndBadge state={end} bare />,
  },
  { key: "evidence", title: "Evidence", cell: ({ evidence }) => evidence[0] },
  { key: "ended", title: "Ended", cell: ({ ended_at }) => <Time at={ended_at} /> },
];
