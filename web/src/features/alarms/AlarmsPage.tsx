import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";

import { allAlarms, clearAlarm } from "../../api/queries";
import type { Alarm } from "../../api/types";
import { queries } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { alarmTitle } from "../../ui/alarmTitle";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Segments } from "../../ui/Segments";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { tell, tellProblem } from "../../ui/toasts";

const route = getRouteApi("/alarms");

const SHOWN = [
  [null, "Not over"],
  ["all", "All"],
] as const;

/** What a person must look at, and what a person had to look at once. */
export function AlarmsPage() {
  const { show } = route.useSearch();
  const navigate = route.useNavigate();
  const held = show === "all" ? "all" : null;
  const found = useInfiniteQuery(allAlarms(held === null ? "over=no" : ""));
  const rows = found.data?.pages.flatMap((page) => page.alarms) ?? [];
  return (
    <Page
      title="Alarms"
      lead="What somebody must look at, newest first. An alarm is over once its cause is."
      aside={
        <Segments<string | null>
          label="Which alarms"
          value={held}
          segments={SHOWN.map(([value, word]) => ({ value, word }))}
          onChange={(value) =>
            void navigate({ to: ".", search: { show: value ?? undefined }, replace: true })
          }
        />
      }
    >
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="alarms" />
      ) : rows.length === 0 ? (
        <EmptyState title={held === null ? "Nothing has to be looked at" : "There was no alarm"} />
      ) : (
        <Card title="Alarms">
          <Table label="Alarms" columns={COLUMNS} rows={rows} rowKey={({ id }) => id} />
        </Card>
      )}
      {found.hasNextPage && (
        <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Page>
  );
}

/** Kinds that end by no event: somebody looks into what was found, and says so. */
const CLEARED_BY_HAND: ReadonlySet<string> = new Set(["fatal_finding"]);

const COLUMNS: readonly TableColumn<Alarm>[] = [
  {
    key: "kind",
    title: "What",
    cell: ({ kind, cleared_at }) => (
      <Badge tone={cleared_at ? "quiet" : "bad"} shape={cleared_at ? "square" : "triangle"} bare>
        {alarmTitle(kind)}
      </Badge>
    ),
  },
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ appliance }) =>
      appliance ? (
        <Link to="/appliances/$id" params={{ id: appliance.id }}>
          {appliance.name}
        </Link>
      ) : (
        <span className="muted">none</span>
      ),
  },
  { key: "message", title: "Why", cell: ({ message }) => message },
  { key: "raised", title: "Since", cell: ({ raised_at }) => <Time at={raised_at} /> },
  {
    key: "over",
    title: "Over",
    cell: ({ cleared_at }) =>
      cleared_at ? <Time at={cleared_at} /> : <span className="muted">not yet</span>,
  },
  { key: "clear", title: "Clear", silent: true, cell: (alarm) => <Clear alarm={alarm} /> },
];

function Clear({ alarm }: { alarm: Alarm }) {
  const { id, kind, appliance, cleared_at } = alarm;
  const role = useRoleReason("operator");
  const [busy, setBusy] = useState(false);
  if (cleared_at || !CLEARED_BY_HAND.has(kind)) return null;
  const clear = async () => {
    setBusy(true);
    try {
      await clearAlarm(id);
      await queries.invalidateQueries({ queryKey: ["alarms"] });
      tell("Cleared the alarm: somebody has looked into it");
    } catch (error) {
      tellProblem(error);
    }
    setBusy(false);
  };
  return (
    <Button
      small
      busy={busy}
      disabledReason={role}
      aria-label={`Clear: ${alarmTitle(kind)}${appliance ? ` at ${appliance.name}` : ""}`}
      onClick={() => void clear()}
    >
      Clear
    </Button>
  );
}
