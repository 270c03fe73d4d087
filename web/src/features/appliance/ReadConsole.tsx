import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { operationDetail, requestOperation } from "../../api/queries";
import { resultOf } from "../../api/results";
import type { Operation, Vm } from "../../api/types";
import { noteOperation, useOperation } from "../../live/operations";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { ProblemNote } from "../../ui/ProblemNote";
import { isOver } from "../../ui/states";
import styles from "./Parts.module.css";

interface ReadConsoleProps {
  appliance: string;
  vm: Vm;
  onClose: () => void;
}

/** The end of what a VM said on its console, asked of the appliance when this is opened. */
export default function ReadConsole({ appliance, vm, onClose }: ReadConsoleProps) {
  const [operation, setOperation] = useState<Operation | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const read = async () => {
    setOperation(null);
    setProblem(null);
    try {
      const asked = await requestOperation(appliance, { kind: "vm_console_log", vm: vm.uuid });
      noteOperation(asked);
      setOperation(asked);
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    void read();
  });
  return (
    <Dialog title={`Console of ${vm.name}`} onClose={onClose} wide>
      {problem ? (
        <ProblemNote problem={problem} />
      ) : operation ? (
        <Answer asked={operation} />
      ) : (
        <p role="status">Asking the appliance…</p>
      )}
      <DialogButtons>
        <Button onClick={() => void read()}>Read again</Button>
        <Button look="primary" onClick={onClose}>
          Close
        </Button>
      </DialogButtons>
    </Dialog>
  );
}

function Answer({ asked }: { asked: Operation }) {
  const live = useOperation(asked);
  const ended = isOver(live.state);
  // The stream tells of the end; the words themselves may come with it, or are fetched then.
  const detail = useQuery({ ...operationDetail(asked.id), enabled: ended && !live.result });
  const operation = live.result ? live : (detail.data ?? live);
  const result = resultOf(operation.kind, operation.result);
  if (!ended) return <p role="status">Waiting for the appliance…</p>;
  if (operation.reason) return <p role="status">{operation.reason.message}</p>;
  if (result?.is !== "console") return <p role="status">Loading what it said…</p>;
  if (result.text === "") return <p role="status">The VM has said nothing on its console.</p>;
  return (
    <div className="stack">
      <pre className={styles.console} tabIndex={0} aria-label="What the VM said">
        {result.text}
      </pre>
      {result.redacted > 0 && <p className="muted">Secrets were taken out.</p>}
    </div>
  );
}
