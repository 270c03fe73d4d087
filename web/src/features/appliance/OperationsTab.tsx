import { useQuery } from "@tanstack/react-query";

import { applianceOperations } from "../../api/queries";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { count } from "../../ui/format";
import { OperationsTable } from "../../ui/OperationsTable";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { useAppliance } from "./useAppliance";

export function OperationsTab() {
  const appliance = useAppliance();
  const { data, error, refetch } = useQuery(applianceOperations(appliance.id));
  if (error && !data) {
    return (
      <ProblemNote
        problem={error}
        action={<Button onClick={() => void refetch()}>Try again</Button>}
      />
    );
  }
  if (!data) return <Loading what="operations" />;
  const shown = data.operations.length;
  return (
    <Card
      title="Operations"
      aside={
        <span className="muted">
          {shown < data.total ? `the newest ${shown} of ` : ""}
          {count(data.total, "operation")}
        </span>
      }
    >
      {shown === 0 ? (
        <EmptyState title="Nothing was asked of this appliance yet">
          <p>
            Starting a VM, taking a snapshot, collecting debug files: each becomes an operation.
          </p>
        </EmptyState>
      ) : (
        <OperationsTable operations={data.operations} />
      )}
    </Card>
  );
}
