import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { downloadBundle } from "../../api/bundles";
import { bundlesOf, operationDetail } from "../../api/queries";
import type { Bundle } from "../../api/types";
import { useActiveOn, useOperation } from "../../live/operations";
import { bundleSize, bundleTitle, DeleteBundle, triggerWord } from "../../ui/BundleFacts";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { DownloadIcon } from "../../ui/icons";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Bar, OperationProgress } from "../../ui/ProgressBar";
import { BundleStateBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { UploadCard } from "../../ui/uploads/UploadCard";
import styles from "./AppliancePage.module.css";
import { useAppliance, useAskReason } from "./useAppliance";

const RequestBundle = lazy(() => import("./RequestBundle"));

export function DebugTab() {
  const appliance = useAppliance();
  const { data, error, refetch } = useQuery(bundlesOf(appliance.id));
  const reason = useAskReason(appliance, "nothing");
  const [asking, setAsking] = useState(false);
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
    <>
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
            columns={COLUMNS}
            rows={data.bundles}
            rowKey={(bundle) => bundle.id}
          />
        )}
        {asking && (
          <Suspense>
            <RequestBundle appliance={appliance} onClose={() => setAsking(false)} />
          </Suspense>
        )}
      </Card>
      <UploadCard appliance={appliance} />
    </>
  );
}

const COLUMNS: readonly TableColumn<Bundle>[] = [
  {
    key: "bundle",
    title: "Bundle",
    cell: (bundle) => (
      <Link to="/debug-files/$id" params={{ id: bundle.id }}>
        {bundleTitle(bundle)}
      </Link>
    ),
  },
  { key: "asked", title: "Begun", cell: ({ created_at }) => <Time at={created_at} /> },
  { key: "why", title: "Why", cell: ({ trigger }) => triggerWord(trigger) },
  { key: "state", title: "State", cell: (bundle) => <Condition bundle={bundle} /> },
  {
    key: "size",
    title: "Size",
    number: true,
    cell: (bundle) =>
      bundle.size_bytes ? bundleSize(bundle) : <span className="muted">not known</span>,
  },
  {
    key: "kept",
    title: "Kept until",
    cell: ({ hold, keep_until }) => (hold ? `held by ${hold.by}` : <Time at={keep_until} />),
  },
  {
    key: "actions",
    title: "Actions",
    silent: true,
    cell: (bundle) => <BundleActions bundle={bundle} />,
  },
];

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

function BundleActions({ bundle }: { bundle: Bundle }) {
  const gone = bundle.state === "complete" ? null : "It is not complete.";
  return (
    <div className={styles.actions}>
      <Button small disabledReason={gone} onClick={() => void downloadBundle(bundle.id)}>
        <DownloadIcon /> Download
      </Button>
      <DeleteBundle bundle={bundle} />
    </div>
  );
}
