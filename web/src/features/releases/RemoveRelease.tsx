import { useState } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { removeRelease } from "../../api/reliability";
import type { Release } from "../../api/types";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { componentName } from "../../ui/componentNames";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { tell } from "../../ui/toasts";
import { Refusal } from "./ReleaseForm";

interface RemoveReleaseProps {
  release: Release;
  onClose: () => void;
}

export function RemoveRelease({ release, onClose }: RemoveReleaseProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const name = `${componentName(release.component)} ${release.version}`;
  const remove = async () => {
    setBusy(true);
    try {
      await removeRelease(release.id);
      tell(`Nothing is said of ${name} any more`);
      onClose();
      await Promise.all(
        ["releases", "appliance"].map((key) => queries.invalidateQueries({ queryKey: [key] })),
      );
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Remove ${name}`} onClose={onClose} alert>
      <p>Nothing is said of it any more, and appliances that run it are no longer warned.</p>
      {problem && <Refusal problem={problem} />}
      <DialogButtons>
        <Button onClick={onClose}>Leave it</Button>
        <Button look="danger" busy={busy} onClick={() => void remove()}>
          Remove it
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
