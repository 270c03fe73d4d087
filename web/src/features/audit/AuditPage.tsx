import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { answered, api } from "../../api/client";
import type { AuditEntry } from "../../api/types";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { count } from "../../ui/format";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./AuditPage.module.css";

const BLOCK = 100;

export function AuditPage() {
  const reason = useRoleReason("admin");
  return (
    <Page title="Audit" lead="Who changed what, newest first.">
      {reason ? (
        <EmptyState title="Not for you to see">
          <p>{reason}</p>
        </EmptyState>
      ) : (
        <Trail />
      )}
    </Page>
  );
}

function Trail() {
  const audit = useInfiniteQuery({
    queryKey: ["audit"],
    queryFn: ({ pageParam, signal }) => {
      const query = { offset: pageParam, limit: BLOCK };
      return answered(api.GET("/api/v1/audit", { params: { query }, signal }));
    },
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const seen = pages.reduce((sum, page) => sum + page.audit.length, 0);
      return last.audit.length > 0 && seen < last.total ? seen : undefined;
    },
  });
  const entries = audit.data?.pages.flatMap((page) => page.audit) ?? [];
  const total = audit.data?.pages.at(-1)?.total ?? 0;
  return (
    <>
      {audit.error ? (
        <ProblemNote
          problem={audit.error}
          action={<Button onClick={() => void audit.refetch()}>Try again</Button>}
        />
      ) : audit.isPending ? (
        <Loading what="the audit trail" />
      ) : (
        <Card
          title="Changes"
          aside={
            <>
              <span className="muted">{count(total, "entry", "entries")}</span>
              <Button small data-refresh onClick={() => void audit.refetch()}>
                Refresh
              </Button>
            </>
          }
        >
          {entries.length === 0 ? (
            <EmptyState title="Nothing was changed yet" />
          ) : (
            <Table label="Changes" columns={COLUMNS} rows={entries} rowKey={({ id }) => id} />
          )}
          {audit.hasNextPage && (
            <div className={styles.more}>
              <Button busy={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
                Show more
              </Button>
            </div>
          )}
        </Card>
      )}
    </>
  );
}

const COLUMNS: readonly TableColumn<AuditEntry>[] = [
  { key: "at", title: "When", cell: ({ at }) => <Time at={at} /> },
  { key: "who", title: "Who", cell: ({ actor }) => actor },
  {
    key: "what",
    title: "What",
    cell: ({ action }) => <strong>{action.replaceAll(/[._]/g, " ")}</strong>,
  },
  {
    key: "object",
    title: "Of",
    cell: ({ object_kind, object_id }) => <Thing kind={object_kind} id={object_id} />,
  },
  { key: "change", title: "Change", cell: (entry) => <Difference entry={entry} /> },
  { key: "from", title: "From", cell: ({ remote_address }) => remote_address ?? "" },
];

function Thing({ kind, id }: { kind: string; id: string }) {
  const words = `${kind.replaceAll("_", " ")} ${id.slice(0, 8)}`;
  if (kind === "appliance") {
    return (
      <Link to="/appliances/$id" params={{ id }}>
        {words}
      </Link>
    );
  }
  if (kind === "operation") {
    return (
      <Link to="/operations/$id" params={{ id }}>
        {words}
      </Link>
    );
  }
  return <span title={id}>{words}</span>;
}

function Difference({ entry: { before, after } }: { entry: AuditEntry }) {
  const changes = differences(before, after);
  if (changes.length === 0) return null;
  return (
    <details className={styles.details}>
      <summary>{count(changes.length, "value")}</summary>
      <dl className={styles.values}>
        {changes.map(([key, from, to]) => (
          <div key={key}>
            <dt>{key.replaceAll("_", " ")}</dt>
            <dd>
              {from !== undefined && <del>{print(from)}</del>}{" "}
              {to !== undefined && <ins>{print(to)}</ins>}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function differences(before: unknown, after: unknown): Array<[string, unknown, unknown]> {
  const from = record(before);
  const to = record(after);
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]))
    .map((key) => [key, from[key], to[key]]);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function print(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
