import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import {
  applianceComponents,
  bootHistory,
  bundleHistory,
  operationHistory,
} from "../../api/history";
import { applianceVms } from "../../api/queries";
import { Lanes } from "../../charts/Lanes";
import { Button } from "../../ui/Button";
import { useNow, zonePreference } from "../../ui/clock";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { count, formatAbsolute, formatDuration, type Zone } from "../../ui/format";
import { WarningIcon } from "../../ui/icons";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Segments } from "../../ui/Segments";
import { Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { ComponentsCard } from "./ComponentsCard";
import {
  jumpsOf,
  LANES,
  marksOf,
  RANGES,
  rangeOf,
  spanOf,
  within,
  type Jump,
  type Mark,
  type Target,
} from "./timeline";
import { useAppliance } from "./useAppliance";

const route = getRouteApi("/appliances/$id/timeline");
const MINUTE = 60_000;

/** Boots, ends, versions, operations and debug files of an appliance on one axis. */
export function TimelineTab() {
  const { id } = useAppliance();
  const boots = useQuery(bootHistory(id));
  const components = useQuery(applianceComponents(id));
  const operations = useQuery(operationHistory(id));
  const bundles = useQuery(bundleHistory(id));
  const inventory = useQuery(applianceVms(id));
  const now = useNow(MINUTE);
  const vms = useMemo(
    () => new Map(inventory.data?.vms.map(({ uuid, name }) => [uuid, name])),
    [inventory.data],
  );
  const all = [boots, components, operations, bundles];
  const marks = useMemo(() => {
    if (!boots.data || !components.data || !operations.data || !bundles.data) return null;
    const history = {
      boots: boots.data.boots,
      spans: components.data.spans,
      operations: operations.data.operations,
      bundles: bundles.data.bundles,
      vms,
    };
    return marksOf(history, now);
  }, [boots.data, components.data, operations.data, bundles.data, vms, now]);
  const failed = all.find((query) => query.error && !query.data);
  if (failed) {
    return (
      <ProblemNote
        problem={failed.error}
        action={<Button onClick={() => void failed.refetch()}>Try again</Button>}
      />
    );
  }
  if (!marks) return <Loading what="the timeline" />;
  const left = [
    [boots.data?.boots.length, boots.data?.total, "boots"],
    [operations.data?.operations.length, operations.data?.total, "operations"],
    [bundles.data?.bundles.length, bundles.data?.total, "debug bundles"],
  ] as const;
  return (
    <>
      <Jumps jumps={jumpsOf(boots.data?.boots ?? [])} />
      <Axis marks={marks} now={now} />
      {left.map(([shown = 0, total = 0, what]) =>
        shown < total ? (
          <p key={what} className="muted">
            Of {total} {what} the newest {shown} are drawn.
          </p>
        ) : null,
      )}
      <ComponentsCard spans={components.data?.spans ?? []} vms={vms} />
    </>
  );
}

function Axis({ marks, now }: { marks: readonly Mark[]; now: number }) {
  const { id } = route.useParams();
  const range = rangeOf(route.useSearch().range);
  const navigate = useNavigate();
  const zone = zonePreference.use();
  const [currentId, setCurrentId] = useState<string | null>(null);
  const span = spanOf(range, marks, now);
  const shown = within(marks, span);
  const current = shown.find((mark) => mark.id === currentId);
  const open = ({ target }: Mark) => {
    if (target) void navigate(linkOf(target, id));
  };
  return (
    <Card
      title="Timeline"
      aside={
        <Segments
          label="How far back"
          value={range}
          segments={RANGES.map(([value, word]) => ({ value, word }))}
          onChange={(value) =>
            void navigate({
              to: "/appliances/$id/timeline",
              params: { id },
              search: { range: value },
              replace: true,
            })
          }
        />
      }
    >
      {shown.length === 0 ? (
        <EmptyState title="Nothing is known of that time">
          {range !== "all" && <p>Look at all of it.</p>}
        </EmptyState>
      ) : (
        <div className={styles.padded}>
          <Lanes
            lanes={LANES}
            marks={shown}
            from={span.from}
            to={span.to}
            summary={summaryOf(shown)}
            words={(mark) => wordsOf(mark, zone)}
            current={current}
            onCurrent={(mark) => setCurrentId(mark.id)}
            onOpen={open}
          />
          <p className={styles.current}>
            {current ? (
              <>
                {wordsOf(current, zone)}{" "}
                {current.target && <More target={current.target} appliance={id} />}
              </>
            ) : (
              <span className="muted">Point at a mark, or go to it with Tab and the arrows.</span>
            )}
          </p>
        </div>
      )}
      <MarksTable marks={shown} appliance={id} />
    </Card>
  );
}

function linkOf(target: Target, appliance: string) {
  switch (target.to) {
    case "boots":
      return { to: "/appliances/$id/boots", params: { id: appliance } } as const;
    case "operation":
      return { to: "/operations/$id", params: { id: target.id } } as const;
    case "bundle":
      return { to: "/debug-files/$id", params: { id: target.id } } as const;
  }
}

const MORE: Record<Target["to"], string> = {
  boots: "Show boots",
  operation: "Show operation",
  bundle: "Show bundle",
};

function More({ target, appliance }: { target: Target; appliance: string }) {
  return <Link {...linkOf(target, appliance)}>{MORE[target.to]}</Link>;
}

function wordsOf({ from, title, detail }: Mark, zone: Zone): string {
  return `${formatAbsolute(from, zone)}: ${title}. ${detail}`;
}

function summaryOf(marks: readonly Mark[]): string {
  const parts = LANES.map(([lane, word]) => {
    return `${word}: ${marks.filter((mark) => mark.lane === lane).length}`;
  });
  return `Timeline. ${parts.join(", ")}. The same is in the table below.`;
}

/** No more at once: a table of thousands helps nobody. */
const ROWS = 300;

function MarksTable({ marks, appliance }: { marks: readonly Mark[]; appliance: string }) {
  const [isOpen, setOpen] = useState(false);
  const [most, setMost] = useState(ROWS);
  const rows = marks.toReversed().slice(0, most);
  return (
    <details className={styles.asTable} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table: {count(marks.length, "entry", "entries")}</summary>
      {isOpen && marks.length > 0 && (
        <>
          <Table
            label="Timeline as a table"
            rows={rows}
            rowKey={({ id }) => id}
            columns={[
              {
                key: "when",
                title: "When",
                cell: ({ from }) => <Time at={new Date(from).toISOString()} full />,
              },
              {
                key: "kind",
                title: "Kind",
                cell: ({ lane }) => LANES.find(([known]) => known === lane)?.[1] ?? lane,
              },
              { key: "what", title: "What", cell: ({ title }) => title },
              { key: "more", title: "More", cell: ({ detail }) => detail },
              {
                key: "link",
                title: "Link",
                silent: true,
                cell: ({ target }) => target && <More target={target} appliance={appliance} />,
              },
            ]}
          />
          {rows.length < marks.length && (
            <p className={styles.padded}>
              <Button small onClick={() => setMost(most + ROWS)}>
                Show more
              </Button>
            </p>
          )}
        </>
      )}
    </details>
  );
}

function Jumps({ jumps }: { jumps: readonly Jump[] }) {
  if (jumps.length === 0) return null;
  return (
    <Card title="The clock jumps">
      <ul className={styles.warnings}>
        {jumps.slice(0, 10).map((jump) => (
          <li key={`${jump.bootId} ${jump.startedAt}`} className={styles.warning}>
            <WarningIcon />
            <span>
              A boot began at <Time at={jump.startedAt} full />, {formatDuration(jump.seconds)}{" "}
              before the end of the one before it. One of the two times is wrong: where marks of
              them lie is uncertain.
            </span>
          </li>
        ))}
      </ul>
      {jumps.length > 10 && <p className={styles.padded}>and {jumps.length - 10} more</p>}
    </Card>
  );
}
