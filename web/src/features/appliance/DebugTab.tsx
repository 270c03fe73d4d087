import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { answered, api } from "../../api/client";
import { bundlesOf, operationDetail } from "../../api/queries";
import { ensureSession } from "../../api/session";
import type { Bundle } from "../../api/types";
import { queries } from "../../live/live";
import { useActiveOn, useOperation, useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { ConfirmByTyping } from "../../ui/ConfirmByTyping";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { formatBytes } from "../../ui/format";
import { DownloadIcon } from "../../ui/icons";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Bar, OperationProgress } from "../../ui/ProgressBar";
import { BundleStateBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { tell } from "../../ui/toasts";
import styles from "./AppliancePage.module.css";
import { useAppliance, useAskReason } from "./useAppliance";

const RequestBundle = lazy(() => import("./RequestBundle"));

const TRIGGERS: Record<Bundle["trigger"], string> = {
  on_demand: "asked for",
  unclean_boot: "after an unclean boot",
  fatal_message: "the kernel met an error",
  upload: "uploaded by hand",
};

export function DebugTab() {
  const appliance = useAppliance();
  const { data, error, refetch } = useQuery(bundlesOf(appliance.id));
  const reason = useAskReason(appliance, "nothing");
  const [asking, setAsking] = useState(false);
  const [deleting, setDeleting] = useState<Bundle | null>(null);
  if (error && !data) {
    return (
      <ProblemNote
        problem={error}
        action={<Button onClick={() => void refetch()}>Try again</Button>}
      />
    );
  }
  if (!data) return <Loading what="debug bundles" />;
  return (
    <Card
      title="Debug bundles"
      aside={
        <Button small look="primary" disabledReason={reason} onClick={() => setAsking(true)}>
          Request a bundle
        </Button>
      }
    >
      {data.bundles.length === 0 ? (
        <EmptyState title="No debug bundle yet">
          <p>
            A bundle holds logs and states of dom0, Xen and the VMs, without secrets. One is
            collected by itself after each unclean boot.
          </p>
        </EmptyState>
      ) : (
        <Table
          label="Debug bundles"
          columns={columns(setDeleting)}
          rows={data.bundles}
          rowKey={(bundle) => bundle.id}
        />
      )}
      {asking && (
        <Suspense>
          <RequestBundle appliance={appliance} onClose={() => setAsking(false)} />
        </Suspense>
      )}
      {deleting && (
        <ConfirmByTyping
          title="Delete the bundle"
          effect={
            <p>
              The debug bundle of {deleting.appliance.name} ({sizeOf(deleting)}) is deleted from the
              server. The appliance does not have it any more.
            </p>
          }
          phrase={deleting.appliance.name}
          action="Delete"
          onClose={() => setDeleting(null)}
          onConfirm={async () => {
            const params = { path: { id: deleting.id } };
            await answered(api.DELETE("/api/v1/bundles/{id}", { params }));
            await queries.invalidateQueries({ queryKey: ["bundles"] });
            tell("Deleted the bundle");
          }}
        />
      )}
    </Card>
  );
}

function sizeOf(bundle: Bundle): string {
  return formatBytes(bundle.size_bytes ?? bundle.received_bytes);
}

function columns(onDelete: (bundle: Bundle) => void): readonly TableColumn<Bundle>[] {
  return [
    { key: "asked", title: "Begun", cell: ({ created_at }) => <Time at={created_at} /> },
    { key: "why", title: "Why", cell: ({ trigger }) => TRIGGERS[trigger] ?? trigger },
    { key: "state", title: "State", cell: (bundle) => <Condition bundle={bundle} /> },
    {
      key: "size",
      title: "Size",
      number: true,
      cell: (bundle) =>
        bundle.size_bytes ? sizeOf(bundle) : <span className="muted">not known</span>,
    },
    { key: "kept", title: "Kept until", cell: ({ keep_until }) => <Kept until={keep_until} /> },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (bundle) => <BundleActions bundle={bundle} onDelete={onDelete} />,
    },
  ];
}

function Kept({ until }: { until: string | null | undefined }) {
  return until ? <Time at={until} /> : <span className="muted">–</span>;
}

function Condition({ bundle }: { bundle: Bundle }) {
  const { state, received_bytes, size_bytes, operation_id, appliance } = bundle;
  const operation = useActiveOn(appliance.id).find(({ id }) => id === operation_id);
  return (
    <div className={styles.condition}>
      <BundleStateBadge state={state} bare />
      {state === "uploading" && size_bytes ? (
        <Bar share={received_bytes / size_bytes} label="Received" />
      ) : null}
      {operation && state !== "complete" && <Working seen={operation} />}
      {state === "failed" && operation_id && <Why operation={operation_id} />}
      {operation_id && (
        <Link to="/operations/$id" params={{ id: operation_id }} className={styles.small}>
          operation
        </Link>
      )}
    </div>
  );
}

/** Why a bundle did not come, in the agent's words. */
function Why({ operation }: { operation: string }) {
  const { data } = useQuery(operationDetail(operation));
  return data?.reason ? <span className="muted">{data.reason.message}</span> : null;
}

function Working({ seen }: { seen: Parameters<typeof useOperation>[0] }) {
  const { progress } = useOperation(seen);
  return progress ? <OperationProgress progress={progress} /> : null;
}

interface BundleActionsProps {
  bundle: Bundle;
  onDelete: (bundle: Bundle) => void;
}

function BundleActions({ bundle, onDelete }: BundleActionsProps) {
  const role = useRoleReason("operator");
  const gone = bundle.state === "complete" ? null : "It is not complete.";
  return (
    <div className={styles.actions}>
      <Button small disabledReason={gone} onClick={() => void download(bundle.id)}>
        <DownloadIcon /> Download
      </Button>
      <Button small look="danger" disabledReason={role ?? gone} onClick={() => onDelete(bundle)}>
        Delete
      </Button>
    </div>
  );
}

// The browser follows the link itself, so that a large bundle need not fit into memory.
async function download(id: string): Promise<void> {
  await ensureSession();
  const link = document.createElement("a");
  link.href = `/api/v1/bundles/${encodeURIComponent(id)}/content`;
  link.download = "";
  link.click();
}
