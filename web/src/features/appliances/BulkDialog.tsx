import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { requestBulk } from "../../api/queries";
import type { Bulk, BulkRequest, OperationRequest } from "../../api/types";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { SelectField } from "../../ui/Field";
import { count, operationTitle } from "../../ui/format";
import { ProblemNote } from "../../ui/ProblemNote";
import { tell } from "../../ui/toasts";
import {
  BULK_KINDS,
  bulkOperation,
  EMPTY_DRAFT,
  sizeOf,
  targetOf,
  type BulkKind,
  type Target,
} from "./bulk";
import { BulkFields } from "./BulkFields";
import { DryRun } from "./DryRun";

interface BulkDialogProps {
  target: Target;
  onClose: () => void;
}

const WAITS: ReadonlyArray<readonly [string, string]> = [
  ["3600", "an hour"],
  ["86400", "a day"],
  ["604800", "a week"],
];

/** Asks many appliances for something: what, then who would be asked, and only then all of them. */
export default function BulkDialog({ target, onClose }: BulkDialogProps) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [wait, setWait] = useState("3600");
  const [tried, setTried] = useState<Bulk | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  // One key for each question: an answer that was lost on its way does not ask everybody twice.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const operation = bulkOperation(draft);

  const send = async (request: BulkRequest, then: (bulk: Bulk) => void) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      then(await requestBulk(request, key));
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const about = (asked: OperationRequest): BulkRequest => ({
    ...targetOf(target),
    operation: asked,
    expires_in_seconds: Number(wait),
  });
  const tryOut = () => {
    if (operation) void send({ ...about(operation), dry_run: true }, setTried);
  };
  const go = (confirm: string | null) => {
    if (!operation) return;
    void send({ ...about(operation), ...(confirm === null ? {} : { confirm }) }, (bulk) => {
      tell(`${operationTitle(bulk.kind)}: ${count(bulk.total, "appliance")} — asked`);
      onClose();
      if (bulk.id) void navigate({ to: "/bulks/$id", params: { id: bulk.id } });
    });
  };

  if (tried) {
    return (
      <DryRun
        tried={tried}
        busy={busy}
        problem={problem}
        onBack={() => {
          setTried(null);
          setProblem(null);
          setKey(crypto.randomUUID());
        }}
        onGo={go}
        onClose={onClose}
      />
    );
  }
  const fields = problem?.fields ?? {};
  return (
    <Dialog
      title={`Ask ${count(sizeOf(target), "appliance")} for something`}
      onClose={onClose}
      wide
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          tryOut();
        }}
      >
        <p>{"ids" in target ? "Those that are selected." : whom(target.filter)}</p>
        <SelectField
          label="What"
          value={draft.kind}
          onChange={(event) => setDraft({ ...draft, kind: event.target.value as BulkKind })}
          hint={BULK_KINDS.find(([kind]) => kind === draft.kind)?.[1]}
          autoFocus
        >
          {BULK_KINDS.map(([kind]) => (
            <option key={kind} value={kind}>
              {operationTitle(kind)}
            </option>
          ))}
        </SelectField>
        <BulkFields draft={draft} refused={fields} onChange={setDraft} />
        <SelectField
          label="Those that are away are waited for"
          value={wait}
          onChange={(event) => setWait(event.target.value)}
        >
          {WAITS.map(([seconds, word]) => (
            <option key={seconds} value={seconds}>
              {word}
            </option>
          ))}
        </SelectField>
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            busy={busy}
            disabledReason={operation ? null : "Fill in what is missing first"}
          >
            Try it out
          </Button>
        </DialogButtons>
        <p className="muted">Trying it out asks no appliance for anything.</p>
      </form>
    </Dialog>
  );
}

function whom(filter: string): string {
  return filter === "" ? "All of the fleet." : `All that match: ${filter}`;
}
