import { lazy, Suspense, useState } from "react";

import { retryVm, waiveVm, type MigratedVm, type Migration } from "../../api/migrations";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { Card } from "../../ui/Page";
import { Bar } from "../../ui/ProgressBar";
import { Table, type TableColumn } from "../../ui/Table";
import { tell } from "../../ui/toasts";
import { ProgressBadge } from "./MigrationFacts";
import styles from "./Migrations.module.css";
import { noteMigration } from "./note";
import { failedAt, vmsInWords } from "./words";

const Decide = lazy(() => import("./Decide"));

interface Opened {
  readonly vm: MigratedVm;
  readonly what: "retry" | "waive";
}

/** How far each VM is on the other system, and what to do about those that failed. */
export function VmsCard({ migration }: { migration: Migration }) {
  const { id, vms, vms_settled, vms_total, ended_at } = migration;
  const role = useRoleReason("operator");
  const reason = role ?? (ended_at ? "It is over." : null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [afresh, setAfresh] = useState(false);
  const open = (next: Opened) => {
    setAfresh(false);
    setOpened(next);
  };
  const columns: readonly TableColumn<MigratedVm>[] = [
    { key: "vm", title: "VM", cell: ({ name }) => name },
    { key: "state", title: "State", cell: ({ progress }) => <ProgressBadge progress={progress} /> },
    { key: "why", title: "What of it", cell: ({ progress }) => <Why progress={progress} /> },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (vm) =>
        vm.progress.state === "failed" && (
          <span className="line">
            <Button
              small
              aria-label={`Try again: ${vm.name}`}
              disabledReason={reason}
              onClick={() => open({ vm, what: "retry" })}
            >
              Try again
            </Button>
            <Button
              small
              aria-label={`Go on without ${vm.name}`}
              disabledReason={reason}
              onClick={() => open({ vm, what: "waive" })}
            >
              Go on without
            </Button>
          </span>
        ),
    },
  ];
  const name = opened?.vm.name ?? "";
  return (
    <Card title="VMs" aside={<span className="muted">{vmsInWords(migration)}</span>}>
      <div className={styles.padded}>
        <Bar share={vms_settled / Math.max(1, vms_total)} label="VMs that are settled" />
      </div>
      <Table label="VMs" columns={columns} rows={vms} rowKey={({ vm }) => vm} />
      <Suspense>
        {opened?.what === "retry" && (
          <Decide
            title={`Try ${name} again`}
            action="Try again"
            phrase={afresh ? name : null}
            effect={<p>It goes on at the step that failed.</p>}
            option={{
              label: "Write its disks anew",
              hint: "From the set on the drive. What it has written since is lost.",
              checked: afresh,
              onChange: setAfresh,
            }}
            onClose={() => setOpened(null)}
            onDecide={async () => {
              noteMigration(await retryVm(id, opened.vm.vm, afresh));
              tell(`${name} is tried again`);
            }}
          />
        )}
        {opened?.what === "waive" && (
          <Decide
            title={`Go on without ${name}`}
            action="Go on without it"
            phrase={name}
            effect={
              <p>
                The migration takes <strong>{name}</strong> as it is, and no longer waits for it.
                What the drive has of it stays there.
              </p>
            }
            onClose={() => setOpened(null)}
            onDecide={async () => {
              noteMigration(await waiveVm(id, opened.vm.vm));
              tell(`It goes on without ${name}`);
            }}
          />
        )}
      </Suspense>
    </Card>
  );
}

function Why({ progress }: { progress: MigratedVm["progress"] }) {
  if (progress.state === "waived") return <>by {progress.by}</>;
  if (progress.state !== "failed") return null;
  return (
    <>
      {progress.reason} <span className="muted">({failedAt(progress.at)})</span>
    </>
  );
}
