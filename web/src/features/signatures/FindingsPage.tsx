import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { allFindings } from "../../api/signatures";
import type { Finding } from "../../api/types";
import { findingCount, LinePlace } from "../../ui/BundleFacts";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { NameField, SelectField } from "../../ui/Field";
import filters from "../../ui/Filters.module.css";
import { count } from "../../ui/format";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { SeverityBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { WithinField } from "../../ui/WithinField";
import {
  FINDING_ORDERS,
  findingFilter,
  findingOrder,
  SEVERITY_CHOICES,
  type FindingFilter,
} from "./signatures";
import styles from "./Signatures.module.css";

const route = getRouteApi("/signatures/findings");

/** What was found in the debug files of the fleet. */
export function FindingsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { appliance = "", signature = "", severity = "" } = search;
  const sort = findingOrder(search.sort);
  const change = (changed: FindingFilter & { sort?: string | undefined }) =>
    void navigate({ to: ".", search: (old) => ({ ...old, ...changed }), replace: true });
  const found = useInfiniteQuery({
    ...allFindings(findingFilter(search), sort),
    placeholderData: keepPreviousData,
  });
  const rows = found.data?.pages.flatMap((page) => page.findings) ?? [];
  return (
    <Page
      title="Findings"
      lead="What was found in debug files: signs of known faults."
      aside={
        <>
          <Link to="/debug-files">Debug files</Link>
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
        <NameField
          label="Signature"
          placeholder="Part of its id"
          value={signature}
          onChange={(event) => change({ signature: event.target.value || undefined })}
        />
        <SelectField
          label="Severity"
          value={SEVERITY_CHOICES.find(([known]) => known === severity)?.[0] ?? ""}
          onChange={(event) => change({ severity: event.target.value || undefined })}
        >
          <option value="">All</option>
          {SEVERITY_CHOICES.map(([known, word]) => (
            <option key={known} value={known}>
              {word}
            </option>
          ))}
        </SelectField>
        <WithinField label="Found" value={search.found} onChange={(found) => change({ found })} />
        <SelectField
          label="Order"
          value={sort}
          onChange={(event) => change({ sort: event.target.value })}
        >
          {FINDING_ORDERS.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </SelectField>
        <span role="status" className="muted">
          {found.data ? count(found.data.pages[0]?.total ?? 0, "finding") : ""}
        </span>
      </div>
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="findings" />
      ) : rows.length === 0 ? (
        <EmptyState title={findingFilter(search) === "" ? "Nothing was found" : "No such finding"}>
          {findingFilter(search) !== "" && (
            <Button small onClick={() => void navigate({ to: ".", search: {}, replace: true })}>
              Show all
            </Button>
          )}
        </EmptyState>
      ) : (
        <Card title="Findings">
          <Table label="Findings" columns={COLUMNS} rows={rows} rowKey={({ id }) => id} />
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

const COLUMNS: readonly TableColumn<Finding>[] = [
  {
    key: "severity",
    title: "Severity",
    cell: ({ severity }) => <SeverityBadge state={severity} bare />,
  },
  {
    key: "what",
    title: "What",
    cell: (finding) => (
      <div className={styles.found}>
        <code>{finding.signature}</code>
        <span>{finding.text}</span>
        <LinePlace bundle={finding.bundle} file={finding.file} line={finding.line} />
      </div>
    ),
  },
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ appliance }) => (
      <Link to="/appliances/$id" params={{ id: appliance.id }}>
        {appliance.name}
      </Link>
    ),
  },
  {
    key: "bundle",
    title: "Bundle",
    cell: ({ bundle }) => (
      <Link to="/debug-files/$id" params={{ id: bundle }}>
        Show bundle
      </Link>
    ),
  },
  { key: "often", title: "How often", cell: findingCount },
  { key: "found", title: "Found", cell: ({ found_at }) => <Time at={found_at} /> },
];
