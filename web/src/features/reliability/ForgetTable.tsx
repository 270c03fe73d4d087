import { useState } from "react";

import { forgetUptimes } from "../../api/reliability";
import type { UptimeImport } from "../../api/types";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { count } from "../../ui/format";
import { tell, tellProblem } from "../../ui/toasts";

interface ForgetTableProps {
  table: UptimeImport;
  onClose: () => void;
}

export function ForgetTable({ table: { id, source, rows }, onClose }: ForgetTableProps) {
  const [busy, setBusy] = useState(false);
  const forget = async () => {
    setBusy(true);
    try {
      await forgetUptimes(id);
      tell(`${source} is forgotten`);
    } catch (error) {
      tellProblem(error);
    }
    onClose();
    await queries.invalidateQueries({ queryKey: ["reliability"] });
  };
  return (
    <Dialog title={`Forget ${source}`} onClose={onClose} alert>
      <p>
        Its {count(rows, "row")} no longer count. The server keeps no copy: only who has the file
        can import it again.
      </p>
      <DialogButtons>
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" busy={busy} onClick={() => void forget()}>
          Forget it
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
