import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { allBundles, gravestOf } from "../../api/bundles";
import type { Bundle, Finding } from "../../api/types";
import { bundleSize, bundleTitle, TRIGGERS, triggerWord } from "../../ui/BundleFacts";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { NameField, SelectField } from "../../ui/Field";
import filters from "../../ui/Filters.module.css";
import { count } from "../../ui/format";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { BundleStateBadge, SeverityBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { UploadCard } from "../../ui/uploads/UploadCard";
import { bundleFilter, NEWEST, orderOf, ORDERS, STATES, type BundleFilter } from "./filters";

const route = getRouteApi("/debug-files");

/** The debug bundles of the fleet. */
export function DebugFilesPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { appliance = "", state = "", trigger = "", held = "" } = search;
  const sort = orderOf(search.sort);
  const change = (changed: BundleFilter & { sort?: string | undefined }) =>
    void navigate({ to: ".", search: (old) => ({ ...old, ...changed }), replace: true });
  const found = useInfiniteQuery({
    ...allBundles(bundleFilter(search), sort),
    placeholderData: keepPreviousData,
  });
  const rows = found.data?.pages.flatMap((page) => page.bundles) ?? [];
  const searched = rows.filter((bundle) => ["complete", "expired"].includes(bundle.state));
  const gravest = useQuery({
    ...gravestOf(searched.map(({ id }) => id)),
    placeholderData: keepPreviousData,
  });
  const isFiltered = bundleFilter(search) !== "";
  return (
    <Page
      title="Debug files"
      lead="What appliances sent to be looked into, and what was brought by hand."
      aside={
        <>
          <Link to="/signatures/findings">Findings</Link>
          <Link to="/signatures">Signatures</Link>
        </>
      }
    >
      <div className={filters.filters}>
        <NameField
          label="Appliance"
          data-search
          placeholder="Part of its name"
          value={appliance}
          onChange={(event) => change({ appliance: event.target.value || undefined })}
        />
        <Choice
          label="State"
          value={state}
          choices={STATES}
          onChange={(value) => change({ state: value })}
        />
        <Choice
          label="Why"
          value={trigger}
          choices={Object.entries(TRIGGERS)}
          onChange={(value) => change({ trigger: value })}
        />
        <Choice
          label="Held"
          value={held}
          choices={HELD}
          onChange={(value) => change({ held: value })}
        />
        <SelectField
          label="Order"
          value={sort}
          onChange={(event) =>
            change({ sort: event.target.value === NEWEST ? undefined : event.target.value })
          }
        >
          {ORDERS.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </SelectField>
        <span role="status" className="muted">
          {found.data ? count(found.data.pages[0]?.total ?? 0, "bundle") : ""}
        </span>
      </div>
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="debug bundles" />
      ) : rows.length === 0 ? (
        <Nothing
          isFiltered={isFiltered}
          onClear={() => void navigate({ to: ".", search: {}, replace: true })}
        />
      ) : (
        <Card title="Debug bundles">
          <Table
            label="Debug bundles"
            columns={columns(gravest.data)}
            rows={rows}
            rowKey={({ id }) => id}
          />
        </Card>
      )}
      {found.hasNextPage && (
        <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show more
        </Button>
      )}
      <UploadCard />
    </Page>
  );
}

const HELD: ReadonlyArray<readonly [string, string]> = [
  ["yes", "Held"],
  ["no", "Not held"],
];

interface ChoiceProps {
  label: string;
  value: string;
  choices: ReadonlyArray<readonly [string, string]>;
  onChange: (value: string | undefined) => void;
}

function Choice({ label, value, choices, onChange }: ChoiceProps) {
  return (
    <SelectField
      label={label}
      value={choices.some(([known]) => known === value) ? value : ""}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">All</option>
      {choices.map(([value, word]) => (
        <option key={value} value={value}>
          {word}
        </option>
      ))}
    </SelectField>
  );
}

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  if (isFiltered) {
    return (
      <EmptyState title="There is no such bundle">
        <Button small onClick={onClear}>
          Show all
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No debug bundle yet">
      <p>
        One is collected by itself after each unclean boot. To ask for one, open an appliance, and
        go to Debug.
      </p>
      <Link to="/appliances">Go to the appliances</Link>
    </EmptyState>
  );
}

function columns(gravest: ReadonlyMap<string, Finding> | undefined): TableColumn<Bundle>[] {
  return [
    {
      key: "bundle",
      title: "Bundle",
      cell: (bundle) => (
        <Link to="/debug-files/$id" params={{ id: bundle.id }}>
          {bundleTitle(bundle)}
        </Link>
      ),
    },
    {
      key: "appliance",
      title: "Appliance",
      cell: ({ appliance }) => (
        <Link to="/appliances/$id/debug" params={{ id: appliance.id }}>
          {appliance.name}
        </Link>
      ),
    },
    { key: "state", title: "State", cell: ({ state }) => <BundleStateBadge state={state} bare /> },
    { key: "why", title: "Why", cell: ({ trigger }) => triggerWord(trigger) },
    {
      key: "found",
      title: "Gravest finding",
      cell: ({ id, state }) => (
        <Gravest
          finding={gravest?.get(id)}
          isKnown={gravest !== undefined && state === "complete"}
        />
      ),
    },
    {
      key: "size",
      title: "Size",
      number: true,
      cell: (bundle) =>
        bundle.size_bytes ? bundleSize(bundle) : <span className="muted">not known</span>,
    },
    { key: "begun", title: "Begun", cell: ({ created_at }) => <Time at={created_at} /> },
    {
      key: "kept",
      title: "Kept",
      cell: ({ hold, state, keep_until }) =>
        hold ? (
          `held by ${hold.by}`
        ) : state === "expired" ? (
          <span className="muted">gone</span>
        ) : (
          <span>
            goes <Time at={keep_until} />
          </span>
        ),
    },
  ];
}

function Gravest({ finding, isKnown }: { finding: Finding | undefined; isKnown: boolean }) {
  if (!finding) return <span className="muted">{isKnown ? "none" : ""}</span>;
  return (
    <span className="line">
      <SeverityBadge state={finding.severity} bare />
      <code>{finding.signature}</code>
    </span>
  );
}
