import { useState } from "react";

import { answered, api } from "../../api/client";
import { cancelOperation } from "../../api/queries";
import type { Bulk } from "../../api/types";
import { queries } from "../../live/live";
import { noteOperation, useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { count } from "../../ui/format";
import { tell, tellProblem } from "../../ui/toasts";
import { NOT_BEGUN, sum } from "./progress";

interface CancelAllProps {
  id: string;
  bulk: Bulk;
}

/** Takes back what nobody has begun with, one operation after the other: the API cancels no bulk. */
export function CancelAll({ id, bulk }: CancelAllProps) {
  const role = useRoleReason("operator");
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState<number | null>(null);
  const waiting = sum(bulk.counts, NOT_BEGUN);
  const cancel = async () => {
    setDone(0);
    try {
      const cancelled = await cancelWaiting(id, setDone);
      tell(`Cancelled at ${count(cancelled, "appliance")}`);
    } catch (error) {
      tellProblem(error);
    }
    setDone(null);
    setAsking(false);
    await queries.invalidateQueries({ queryKey: ["bulk", id] });
  };
  return (
    <>
      <Button
        look="danger"
        disabledReason={role ?? (waiting === 0 ? "All have begun, or are over." : null)}
        onClick={() => setAsking(true)}
      >
        Cancel what has not begun
      </Button>
      {asking && (
        <Dialog title="Cancel what has not begun" onClose={() => setAsking(false)} alert>
          <p>
            {count(waiting, "appliance")} of {bulk.total} have not begun and will not. Those that
            have begun go on, and those that are over stay as they are.
          </p>
          {done !== null && <p role="status">Cancelled at {count(done, "appliance")}…</p>}
          <DialogButtons>
            <Button onClick={() => setAsking(false)}>Let them go on</Button>
            <Button look="danger" busy={done !== null} onClick={() => void cancel()}>
              Cancel them
            </Button>
          </DialogButtons>
        </Dialog>
      )}
    </>
  );
}

const AT_ONCE = 500;

/** Cancels what waits, as far as it still does when its turn comes. Says how many that were. */
async function cancelWaiting(id: string, onDone: (done: number) => void): Promise<number> {
  const params = { path: { id }, query: { state: NOT_BEGUN.join(","), limit: AT_ONCE } };
  const seen = new Set<string>();
  let cancelled = 0;
  for (;;) {
    const page = await answered(api.GET("/api/v1/bulks/{id}", { params }));
    const waiting = page.results
      .map(({ operation_id }) => operation_id)
      .filter((operation) => typeof operation === "string")
      .filter((operation) => !seen.has(operation));
    if (waiting.length === 0) return cancelled;
    for (const operation of waiting) {
      seen.add(operation);
      noteOperation(await cancelOperation(operation));
      cancelled += 1;
      onDone(cancelled);
    }
  }
}
