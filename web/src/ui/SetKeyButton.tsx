import { useState } from "react";

import { keyOfSet } from "../api/backups";
import { asProblem, type Problem } from "../api/problem";
import type { SetSummary } from "../api/types";
import { Button } from "./Button";
import { copy } from "./CopyId";
import { CopyText } from "./CopyText";
import { Dialog, DialogButtons } from "./Dialog";
import { CopyIcon } from "./icons";
import { ProblemNote } from "./ProblemNote";

/** Gives the key of an encrypted set away, for work on site without the server and for safekeeping. */
export function SetKeyButton({ set }: { set: SetSummary }) {
  const [open, setOpen] = useState(false);
  if (!set.key) return null;
  const what = set.vms.map(({ name }) => name).join(", ");
  const onSite = "Its key was made on site: whoever made it has it in a file.";
  return (
    <>
      <Button
        small
        aria-label={`Key of ${what}`}
        disabledReason={set.key.salt ? null : onSite}
        onClick={() => setOpen(true)}
      >
        Key…
      </Button>
      {open && <SetKeyDialog set={set.set} onClose={() => setOpen(false)} />}
    </>
  );
}

function SetKeyDialog({ set, onClose }: { set: string; onClose: () => void }) {
  const [key, setKey] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const show = async () => {
    setBusy(true);
    setProblem(null);
    try {
      setKey((await keyOfSet(set)).key);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  return (
    <Dialog title="Key of a backup set" onClose={onClose}>
      {key === null ? (
        <p>
          Whoever has the key and the drive can read the set. It is put on record that you asked for
          it.
        </p>
      ) : (
        <>
          <CopyText text={key} />
          <p>
            On site, without the server: put this line into a file that only root can read, and name
            the file with <code>--key FILE</code> to <code>domfleet-agent backup restore</code>.
          </p>
        </>
      )}
      {problem && <ProblemNote problem={problem} />}
      <DialogButtons>
        <Button onClick={onClose}>Close</Button>
        {key === null ? (
          <Button look="primary" busy={busy} onClick={() => void show()}>
            Show the key
          </Button>
        ) : (
          <Button look="primary" onClick={() => void copy(key, "key")}>
            <CopyIcon /> Copy the key
          </Button>
        )}
      </DialogButtons>
    </Dialog>
  );
}
