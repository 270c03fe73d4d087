import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { cancelOperation, writeOffOperation } from "../api/queries";
import type { Operation } from "../api/types";
import { noteOperation, useOperation, useRoleReason } from "../live/operations";
import { Button } from "./Button";
import { ConfirmByTyping } from "./ConfirmByTyping";
import { operationTitle } from "./format";
import { OperationProgress } from "./ProgressBar";
import { isOver, OperationStateBadge } from "./states";
import { Table, type TableColumn } from "./Table";
import { Elapsed, Time } from "./Time";
import { tell, tellProblem } from "./toasts";

interface OperationsTableProps {
  operations: readonly Operation[];
  /** Left out where all are of one appliance. */
  withAppliance?: boolean;
}

/** Operations, each as it is now. */
export function OperationsTable({ operations, withAppliance = false }: OperationsTableProps) {
  const columns: TableColumn<Operation>[] = [
    {
      key: "what",
      title: "Operation",
      cell: ({ id, kind }) => (
        <Link to="/operations/$id" params={{ id }}>
          {operationTitle(kind)}
        </Link>
      ),
    },
    ...(withAppliance ? [APPLIANCE] : []),
    { key: "state", title: "State", cell: (operation) => <State seen={operation} /> },
    { key: "by", title: "By", cell: ({ requested_by }) => requested_by?.email ?? "the server" },
    { key: "asked", title: "Asked", cell: ({ created_at }) => <Time at={created_at} /> },
    { key: "took", title: "Took", number: true, cell: (operation) => <Took seen={operation} /> },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (operation) => <OperationActions seen={operation} />,
    },
  ];
  return <Table label="Operations" columns={columns} rows={operations} rowKey={({ id }) => id} />;
}

const APPLIANCE: TableColumn<Operation> = {
  key: "appliance",
  title: "Appliance",
  cell: ({ appliance }) => (
    <Link to="/appliances/$id" params={{ id: appliance.id }}>
      {appliance.name}
    </Link>
  ),
};

function State({ seen }: { seen: Operation }) {
  const { state, reason, progress } = useOperation(seen);
  return (
    <div style={{ display: "grid", gap: 4 }}>
      <OperationStateBadge state={state} bare />
      {progress && !isOver(state) && <OperationProgress progress={progress} />}
      {reason && <span className="muted">{reason.message}</span>}
    </div>
  );
}

function Took({ seen }: { seen: Operation }) {
  const { state, started_at, ended_at } = useOperation(seen);
  if (!started_at || (isOver(state) && !ended_at)) return <span className="muted">–</span>;
  return <Elapsed from={started_at} to={ended_at} />;
}

interface OperationActionsProps {
  seen: Operation;
  /** A grid has one tab stop: by keyboard its actions are reached on the operation's own page. */
  inGrid?: boolean;
}

/** What can still be done about an operation. */
export function OperationActions({ seen, inGrid = false }: OperationActionsProps) {
  const tabIndex = inGrid ? -1 : undefined;
  const operation = useOperation(seen);
  const reason = useRoleReason("operator");
  const [writingOff, setWritingOff] = useState(false);
  const { state, kind, appliance } = operation;
  const name = `${operationTitle(kind)} on ${appliance.name}`;
  if (state === "lost") {
    return (
      <>
        <Button
          small
          look="danger"
          aria-label={`Write off: ${name}`}
          tabIndex={tabIndex}
          disabledReason={reason}
          onClick={() => setWritingOff(true)}
        >
          Write off
        </Button>
        {writingOff && <WriteOff operation={operation} onClose={() => setWritingOff(false)} />}
      </>
    );
  }
  if (!CANCELLABLE.has(state)) return null;
  return (
    <Button
      small
      aria-label={`Cancel: ${name}`}
      tabIndex={tabIndex}
      disabledReason={reason}
      onClick={() => void cancel(operation)}
    >
      Cancel
    </Button>
  );
}

/** Whoever has begun stops at the next point where nothing is left half done, or goes on to the end. */
const CANCELLABLE: ReadonlySet<Operation["state"]> = new Set<Operation["state"]>([
  "queued",
  "offered",
  "accepted",
  "running",
]);

async function cancel(operation: Operation): Promise<void> {
  try {
    const changed = await cancelOperation(operation.id);
    noteOperation(changed);
    tell(
      changed.state === "cancelling"
        ? "Asked the appliance to stop where nothing is left half done; it may go on to the end"
        : "Cancelled before anybody had heard of it",
      operation.id,
    );
  } catch (error) {
    tellProblem(error);
  }
}

function WriteOff({ operation, onClose }: { operation: Operation; onClose: () => void }) {
  const { appliance, kind } = operation;
  return (
    <ConfirmByTyping
      title="Write the operation off"
      effect={
        <p>
          Nobody waits any longer for <strong>{operationTitle(kind)}</strong> on {appliance.name},
          and others may be asked for. The appliance may still be at it, or may have done it: a late
          report is kept.
        </p>
      }
      phrase={appliance.name}
      action="Write off"
      onClose={onClose}
      onConfirm={async (confirm) => {
        noteOperation(await writeOffOperation(operation.id, confirm));
        tell("Written off", operation.id);
      }}
    />
  );
}
