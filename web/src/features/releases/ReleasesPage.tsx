import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { releases, runningCount, runningFilter } from "../../api/reliability";
import type { Release } from "../../api/types";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { componentName, FILTER_KEYS } from "../../ui/componentNames";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { ReleaseStateBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { byComponent } from "./release";
import { ReleaseForm } from "./ReleaseForm";
import styles from "./Releases.module.css";
import { RemoveRelease } from "./RemoveRelease";

type Open = { what: "add" } | { what: "change" | "remove"; release: Release };

/** What is known of versions. */
export function ReleasesPage() {
  const found = useQuery(releases());
  // What is said here is said to everybody: it is for admins, and the server judges of which organisation.
  const may = useRoleReason("admin") === null;
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const groups = byComponent(found.data?.releases ?? []);
  return (
    <Page
      title="Releases"
      lead="What is known of versions. Appliances that should not run theirs say so on their pages."
      aside={
        may && (
          <Button look="primary" aria-haspopup="dialog" onClick={() => setOpen({ what: "add" })}>
            Add a version
          </Button>
        )
      }
    >
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="releases" />
      ) : groups.length === 0 ? (
        <EmptyState title="Nothing is said of any version">
          <p>
            Admins of the topmost organisation say here which versions are beta or withdrawn, and
            what is wrong with them.
          </p>
        </EmptyState>
      ) : (
        groups.map(([component, rows]) => (
          <Card key={component} title={componentName(component)}>
            <Table
              label={componentName(component)}
              columns={may ? [...COLUMNS, actions(setOpen)] : COLUMNS}
              rows={rows}
              rowKey={({ id }) => id}
            />
          </Card>
        ))
      )}
      {open?.what === "add" && <ReleaseForm onClose={close} />}
      {open?.what === "change" && <ReleaseForm release={open.release} onClose={close} />}
      {open?.what === "remove" && <RemoveRelease release={open.release} onClose={close} />}
    </Page>
  );
}

function actions(open: (open: Open) => void): TableColumn<Release> {
  return {
    key: "actions",
    title: "Change",
    silent: true,
    cell: (release) => (
      <div className={styles.actions}>
        <Button small aria-haspopup="dialog" onClick={() => open({ what: "change", release })}>
          Change<span className="hidden"> {release.version}</span>
        </Button>
        <Button small aria-haspopup="dialog" onClick={() => open({ what: "remove", release })}>
          Remove<span className="hidden"> {release.version}</span>
        </Button>
      </div>
    ),
  };
}

/** How many appliances run it, where the filter of appliances can tell. */
function Running({ release: { component, version } }: { release: Release }) {
  const key = FILTER_KEYS[component] ?? "";
  const { data } = useQuery({ ...runningCount(key, version), enabled: key !== "" });
  if (key === "") return <span className="muted">not counted</span>;
  if (data === undefined) return null;
  return (
    <Link to="/appliances" search={{ q: runningFilter(key, version) }}>
      {data.toLocaleString("en-GB")}
      <span className="hidden"> with {version}</span>
    </Link>
  );
}

const COLUMNS: readonly TableColumn<Release>[] = [
  { key: "version", title: "Version", cell: ({ version }) => <strong>{version}</strong> },
  { key: "state", title: "State", cell: ({ state }) => <ReleaseStateBadge state={state} /> },
  {
    key: "words",
    title: "What is known",
    cell: ({ note, problems }) => (
      <div className={styles.words}>
        {note && <p>{note}</p>}
        {problems.length > 0 && (
          <ul className={styles.problems} aria-label="Known problems">
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        )}
      </div>
    ),
  },
  {
    key: "running",
    title: "Appliances",
    number: true,
    cell: (release) => <Running release={release} />,
  },
  { key: "said", title: "Said", cell: ({ updated_at }) => <Time at={updated_at} /> },
];
