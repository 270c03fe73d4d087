import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { allEnds } from "../../api/boots";
import type { EndedBoot } from "../../api/types";
import { useEveryMinute } from "../../live/live";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { NameField, SelectField } from "../../ui/Field";
import filters from "../../ui/Filters.module.css";
import { count, formatDuration } from "../../ui/format";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { BootEndBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { WithinField } from "../../ui/WithinField";
import { CONFIDENCES, END_CHOICES, END_ORDERS, endFilter, endOrder, type EndFilter } from "./ends";
import styles from "./Ends.module.css";

const route = getRouteApi("/boots");

/** Which boxes died, how, and on what evidence. */
export function EndsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const sort = endOrder(search.sort);
  const q = endFilter(search);
  const change = (changed: EndFilter & { sort?: string | undefined }) =>
    void navigate({ to: ".", search: (old) => ({ ...old, ...changed }), replace: true });
  const found = useInfiniteQuery({
    ...allEnds(q, sort),
    placeholderData: keepPreviousData,
    refetchInterval: useEveryMinute(),
  });
  const rows = found.data?.pages.flatMap((page) => page.boots) ?? [];
  return (
    <Page
      title="Ends of boots"
      lead="Which appliances died or were restarted, how, and on what evidence."
      aside={<Link to="/reliability">Reliability</Link>}
    >
      <div className={filters.filters}>
        <NameField
          label="Appliance"
          data-search
          placeholder="Part of its name"
          value={search.appliance ?? ""}
          onChange={(event) => change({ appliance: event.target.value || undefined })}
        />
        <Choice
          label="End"
          value={search.end}
          choices={END_CHOICES}
          onChange={(end) => change({ end })}
        />
        <Choice
          label="Confidence"
          value={search.confidence}
          choices={CONFIDENCES}
          onChange={(confidence) => change({ confidence })}
        />
        <WithinField label="Ended" value={search.ended} onChange={(ended) => change({ ended })} />
        <SelectField
          label="Order"
          value={sort}
          onChange={(event) => change({ sort: event.target.value })}
        >
          {END_ORDERS.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </SelectField>
        <span role="status" className="muted">
          {found.data ? count(found.data.pages[0]?.total ?? 0, "boot") : ""}
        </span>
      </div>
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="boots" />
      ) : rows.length === 0 ? (
        <EmptyState title={q === "" ? "No boot has ended yet" : "No boot ended so"}>
          {q !== "" && (
            <Button small onClick={() => void navigate({ to: ".", search: {}, replace: true })}>
              Show all
            </Button>
          )}
        </EmptyState>
      ) : (
        <Card title="Ends of boots">
          <Table
            label="Ends of boots"
            columns={COLUMNS}
            rows={rows}
            rowKey={({ appliance, boot_id }) => `${appliance.id} ${boot_id}`}
          />
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

interface ChoiceProps {
  label: string;
  value: string | undefined;
  choices: ReadonlyArray<readonly [string, string]>;
  onChange: (value: string | undefined) => void;
}

function Choice({ label, value, choices, onChange }: ChoiceProps) {
  return (
    <SelectField
      label={label}
      value={choices.find(([known]) => known === value)?.[0] ?? ""}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">All</option>
      {choices.map(([known, word]) => (
        <option key={known} value={known}>
          {word}
        </option>
      ))}
    </SelectField>
  );
}

const COLUMNS: readonly TableColumn<EndedBoot>[] = [
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ appliance: { id, name } }) => (
      <Link to="/appliances/$id/timeline" params={{ id }} search={{ range: "all" }}>
        {name}
      </Link>
    ),
  },
  {
    key: "end",
    title: "How it ended",
    cell: ({ end, confidence }) => (
      <div className={styles.how}>
        {end ? <BootEndBadge state={end} bare /> : <span className="muted">not said</span>}
        {confidence && <span className="muted">{confidence} confidence</span>}
      </div>
    ),
  },
  { key: "evidence", title: "Evidence", cell: ({ evidence }) => <Evidence sentences={evidence} /> },
  { key: "ended", title: "Ended", cell: ({ ended_at }) => <Time at={ended_at} /> },
  {
    key: "uptime",
    title: "Uptime then",
    number: true,
    cell: ({ last_seen_seconds: seconds }) =>
      typeof seconds === "number" ? formatDuration(seconds) : <span className="muted">–</span>,
  },
  {
    key: "hypervisor",
    title: "Hypervisor",
    cell: ({ components: { hypervisor }, epoch }) => (
      <>
        {hypervisor ?? <span className="muted">–</span>}
        {epoch > 1 && <span className="muted"> (epoch {epoch})</span>}
      </>
    ),
  },
];

/** The weightiest sentence, and the others for whoever wants them. */
function Evidence({ sentences }: { sentences: readonly string[] }) {
  const [first, ...others] = sentences;
  if (first === undefined) return <span className="muted">none</span>;
  return (
    <div className={styles.evidence}>
      <span>{first}</span>
      {others.length > 0 && (
        <details>
          <summary>{count(others.length, "more sentence")}</summary>
          {others.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </details>
      )}
    </div>
  );
}
