import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { fleetDrives } from "../../api/queries";
import type { FleetDrive } from "../../api/types";
import { Button } from "../../ui/Button";
import { DriveName, DriveUse } from "../../ui/DriveFacts";
import { EmptyState } from "../../ui/EmptyState";
import { count, formatBytes } from "../../ui/format";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { filterOf } from "./BackupsPage";

/** The USB drives that are plugged into appliances, wherever these are. */
export function FleetDrives({ appliance }: { appliance: string }) {
  const drives = useInfiniteQuery({
    ...fleetDrives(filterOf(appliance)),
    placeholderData: keepPreviousData,
  });
  const total = drives.data?.pages[0]?.total ?? 0;
  const rows = drives.data?.pages.flatMap((page) => page.drives) ?? [];
  return (
    <>
      <Card
        title="USB drives"
        aside={<span className="muted">{drives.data ? count(total, "drive") : ""}</span>}
      >
        {drives.error && !drives.data ? (
          <ProblemNote
            problem={drives.error}
            action={<Button onClick={() => void drives.refetch()}>Try again</Button>}
          />
        ) : rows.length === 0 ? (
          <EmptyState title={drives.data ? "No USB drive is plugged in" : "Looking for drives…"} />
        ) : (
          <Table
            label="USB drives"
            columns={COLUMNS}
            rows={rows}
            rowKey={(drive) => `${drive.appliance.id} ${drive.path}`}
          />
        )}
      </Card>
      {drives.hasNextPage && (
        <Button busy={drives.isFetchingNextPage} onClick={() => void drives.fetchNextPage()}>
          Show more drives
        </Button>
      )}
    </>
  );
}

const COLUMNS: readonly TableColumn<FleetDrive>[] = [
  { key: "drive", title: "Drive", cell: (drive) => <DriveName drive={drive} /> },
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ appliance }) => (
      <Link to="/appliances/$id/backups" params={{ id: appliance.id }}>
        {appliance.name}
      </Link>
    ),
  },
  { key: "use", title: "Use", cell: (drive) => <DriveUse drive={drive} /> },
  {
    key: "size",
    title: "Says it holds",
    number: true,
    cell: ({ size_bytes }) => formatBytes(size_bytes),
  },
  { key: "told", title: "As told", cell: ({ told_at }) => <Time at={told_at} /> },
];
