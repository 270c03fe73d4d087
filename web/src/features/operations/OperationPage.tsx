import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { applianceVms, operationDetail } from "../../api/queries";
import type { Operation } from "../../api/types";
import { useOperation } from "../../live/operations";
import { Button } from "../../ui/Button";
import { CopyId } from "../../ui/CopyId";
import { Loading } from "../../ui/EmptyState";
import { operationTitle } from "../../ui/format";
import { OperationActions } from "../../ui/OperationsTable";
import { Card, Facts, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { OperationProgress } from "../../ui/ProgressBar";
import { SpokenProgress } from "../../ui/SpokenProgress";
import { isOver, OperationStateBadge } from "../../ui/states";
import { Elapsed, Time } from "../../ui/Time";
import { askedRows, configOf } from "./asked";
import styles from "./OperationsPage.module.css";

const Outcome = lazy(() => import("./Outcome"));

const route = getRouteApi("/operations/$id");

export function OperationPage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(operationDetail(id));
  if (data) return <Shown seen={data} />;
  if (!error) return <Loading what="the operation" />;
  return (
    <Page title="Operation">
      <ProblemNote
        problem={error}
        action={
          <div className="line">
            <Button onClick={() => void refetch()}>Try again</Button>
            <Link to="/operations">All operations</Link>
          </div>
        }
      />
    </Page>
  );
}

function Shown({ seen }: { seen: Operation }) {
  const operation = useOperation(seen);
  const { appliance, state, reason, progress, started_at, ended_at } = operation;
  const config = configOf(operation.operation);
  const inventory = useQuery(applianceVms(appliance.id));
  const vms = inventory.data?.vms.map(({ uuid, name }) => ({ id: uuid, name }));
  return (
    <Page
      title={operationTitle(operation.kind)}
      lead={
        <span className="line">
          <OperationStateBadge state={state} />
          <SpokenProgress operation={operation} />
          <span>
            on{" "}
            <Link to="/appliances/$id" params={{ id: appliance.id }}>
              {appliance.name}
            </Link>
          </span>
        </span>
      }
      aside={<OperationActions seen={operation} />}
    >
      <div className={styles.columns}>
        <Card title="How far">
          <ol className={styles.steps}>
            {steps(operation).map(([word, at]) => (
              <li key={word} className={styles.step} data-reached={Boolean(at)}>
                <span className={styles.mark} aria-hidden="true" />
                <span>{word}</span>
                <span>{at ? <Time at={at} full /> : "not yet"}</span>
              </li>
            ))}
          </ol>
          {progress && !isOver(state) && (
            <div className={styles.padded}>
              <OperationProgress progress={progress} />
            </div>
          )}
          {reason && (
            <p className={styles.padded}>
              {reason.message} <span className="muted">({reason.code})</span>
            </p>
          )}
        </Card>
        <Card title="What was asked">
          <Facts
            rows={[
              ["Id", <CopyId key="id" id={operation.id} what="operation id" />],
              ["Kind", operationTitle(operation.kind)],
              ["Class", operation.class],
              ...askedRows(operation.operation, vms),
              ["By", operation.requested_by?.email ?? "the server"],
              ...(started_at
                ? [["Took", <Elapsed key="took" from={started_at} to={ended_at} />] as const]
                : []),
              ...(isOver(state) || !operation.deadline_at
                ? []
                : [["Deadline", <Time key="deadline" at={operation.deadline_at} full />] as const]),
              ...(operation.bulk_id
                ? [
                    [
                      "Asked of many",
                      <Link key="bulk" to="/bulks/$id" params={{ id: operation.bulk_id }}>
                        Show all of them
                      </Link>,
                    ] as const,
                  ]
                : []),
              ...(operation.bundle_id
                ? [
                    [
                      "Debug bundle",
                      <Link key="bundle" to="/debug-files/$id" params={{ id: operation.bundle_id }}>
                        Show the bundle
                      </Link>,
                    ] as const,
                  ]
                : []),
            ]}
          />
        </Card>
      </div>
      {config !== null && (
        <Card title="Configuration">
          <pre className={styles.result} tabIndex={0} aria-label="Configuration">
            {config}
          </pre>
        </Card>
      )}
      <Suspense fallback={null}>
        <Outcome operation={operation} />
      </Suspense>
    </Page>
  );
}

function steps(operation: Operation): ReadonlyArray<readonly [string, string | null | undefined]> {
  const { created_at, offered_at, accepted_at, started_at, ended_at, state } = operation;
  const last = isOver(state) ? state.replaceAll("_", " ") : "ended";
  return [
    ["asked", created_at],
    ["offered", offered_at],
    ["accepted", accepted_at],
    ["begun", started_at],
    [last, ended_at],
  ];
}
