import { fateOf, type Comparison, type Pruning } from "../../api/setResults";
import { Badge } from "../../ui/Badge";
import { count, formatBytes } from "../../ui/format";
import { Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./OperationsPage.module.css";

/** How a set compares with the disks that it was made of. */
export function Compared({ comparison }: { comparison: Comparison }) {
  const { same, disks, createdAt } = comparison;
  const others = disks.filter((disk) => !disk.same).length;
  return (
    <>
      <p className={styles.padded}>
        {same ? (
          <Badge tone="good" shape="disc">
            The same
          </Badge>
        ) : (
          <Badge tone="warn" shape="triangle">
            Not the same
          </Badge>
        )}{" "}
        {same
          ? "Every byte of every disk is what is in the set"
          : `${others} of ${count(disks.length, "disk")} ${others === 1 ? "is" : "are"} not what is in the set`}
        {createdAt && (
          <>
            {" "}
            of <Time at={createdAt} full />
          </>
        )}
        .
      </p>
      <Table
        label="Disks"
        rows={disks}
        rowKey={(disk) => `${disk.vm} ${disk.vdev}`}
        columns={[
          { key: "vm", title: "VM", cell: ({ vm }) => vm },
          { key: "disk", title: "Disk", cell: ({ vdev }) => vdev },
          { key: "found", title: "Now", cell: ({ found }) => found },
          { key: "path", title: "Where", cell: ({ path }) => <code>{path}</code> },
        ]}
      />
    </>
  );
}

/** What became of each set when room was made, or would. */
export function Pruned({ pruning }: { pruning: Pruning }) {
  const { dryRun, freedBytes, sets } = pruning;
  const removed = sets.filter(({ fate }) => fate === "removed").length;
  const what = `${count(removed, "set")} of ${sets.length}`;
  return (
    <>
      <p className={styles.padded}>
        {dryRun
          ? `${what} would be removed, and ${formatBytes(freedBytes)} freed. Nothing was removed.`
          : `${what} removed, ${formatBytes(freedBytes)} freed.`}
      </p>
      {sets.length > 0 && (
        <Table
          label="Backup sets"
          rows={sets}
          rowKey={({ set }) => set}
          columns={[
            {
              key: "begun",
              title: "Begun",
              cell: ({ createdAt }) => <Time at={createdAt} full />,
            },
            { key: "vms", title: "VMs", cell: ({ vms }) => vms.join(", ") },
            { key: "fate", title: "What becomes of it", cell: (set) => fateOf(set, dryRun) },
            {
              key: "size",
              title: "On the drive",
              number: true,
              cell: ({ storedBytes }) => formatBytes(storedBytes),
            },
          ]}
        />
      )}
    </>
  );
}
