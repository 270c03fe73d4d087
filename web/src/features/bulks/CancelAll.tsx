import { useState } from "react";

import { cancelBulk } from "../../api/queries";
import type { Bulk } from "../../api/types";
import { queries } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { CheckField } from "../../ui/Field";
import { count } from "../../ui/format";
import { tell, tellProblem } from "../../ui/toasts";
import { BEGUN, cancelledWords, NOT_BEGUN, sum } from "./progress";

interface CancelAllProps {
  id: string;
  bulk: Bulk;
}

/** Takes back what nobody has begun with, and what has begun where that is wanted. */
export function CancelAll({ id, bulk }: CancelAllProps) {
  const role = useRoleReason("operator");
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [begun, setBegun] = useState(false);
  const waiting = sum(bulk.counts, NOT_BEGUN);
  const running = sum(bulk.counts, BEGUN);
  const cancel = async () => {
    setBusy(true);
    try {
      tell(cancelledWords(await cancelBulk(id, begun)));
    } catch (error) {
      tellProblem(error);
    }
    setBusy(false);
    setAsking(false);
    await queries.invalidateQueries({ queryKey: ["bulk", id] });
  };
  return (
    <>
      <Button
        look="danger"
        disabledReason={role ?? (waiting + running === 0 ? "All of it is over." : null)}
        onClick={() => setAsking(true)}
      >
        {waiting === 0 && running > 0 ? "Cancel what has begun" : "Cancel what has not begun"}
      </Button>
      {asking && (
        <Dialog title="Cancel what was asked of many" onClose={() => setAsking(false)} alert>
          <p>
            {count(waiting, "appliance")} of {bulk.total} have not begun and will not. Those that
            are over stay as they are.
          </p>
          {running > 0 && (
            <CheckField
              label={`Also at ${count(running, "appliance")} where it has begun`}
              hint="It is stopped where nothing is left half done, or goes on to its end."
              checked={begun}
              onChange={(event) => setBegun(event.target.checked)}
            />
          )}
          <DialogButtons>
            <Button onClick={() => setAsking(false)}>Let them go on</Button>
            <Button
              look="danger"
              busy={busy}
              disabledReason={waiting === 0 && !begun ? "All have begun: say that first" : null}
              onClick={() => void cancel()}
            >
              Cancel them
            </Button>
          </DialogButtons>
        </Dialog>
      )}
    </>
  );
}
