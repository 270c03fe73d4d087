import { useState } from "react";

import { removeSchedule } from "../../api/schedules";
import type { BackupSchedule } from "../../api/types";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { tell, tellProblem } from "../../ui/toasts";

interface RemoveScheduleProps {
  schedule: BackupSchedule;
  onClose: () => void;
}

export function RemoveSchedule({ schedule: { id, plan }, onClose }: RemoveScheduleProps) {
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    try {
      await removeSchedule(id);
      tell(`${plan.name} is removed`);
    } catch (error) {
      tellProblem(error);
    }
    onClose();
    await queries.invalidateQueries({ queryKey: ["backup-schedules"] });
  };
  return (
    <Dialog title={`Remove ${plan.name}`} onClose={onClose} alert>
      <p>
        Nothing is asked by it any more. What it has asked goes on, and the backups that it made
        stay where they are.
      </p>
      <DialogButtons>
        <Button onClick={onClose}>Leave it</Button>
        <Button look="danger" busy={busy} onClick={() => void remove()}>
          Remove it
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
