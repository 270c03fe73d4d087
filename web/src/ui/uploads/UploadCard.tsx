import { useId, useState, type DragEvent } from "react";

import { useRoleReason } from "../../live/operations";
import { Button } from "../Button";
import { TextField } from "../Field";
import { count, formatBytes } from "../format";
import { Card } from "../Page";
import { ProblemNote } from "../ProblemNote";
import { Bar } from "../ProgressBar";
import { tellProblem } from "../toasts";
import { AppliancePick } from "./AppliancePick";
import type { Remembered } from "./memory";
import styles from "./UploadCard.module.css";
import {
  begin,
  cancel,
  dismiss,
  giveUpAt,
  pause,
  resume,
  useUploads,
  type Upload,
} from "./uploads";

type Appliance = Upload["appliance"];

/** Files that are brought by hand: for one appliance, or for any that is chosen. */
export function UploadCard({ appliance: given }: { appliance?: Appliance }) {
  const role = useRoleReason("operator");
  const [picked, setPicked] = useState<Appliance | null>(null);
  const [note, setNote] = useState("");
  const { uploads, unfinished } = useUploads();
  const appliance = given ?? picked;
  const isMine = (id: string) => !given || given.id === id;
  const reason = role ?? (appliance ? null : "Say first which appliance they are of");
  const take = (files: FileList | null) => {
    if (!appliance || reason !== null) return;
    for (const file of files ?? []) begin(appliance, file, note.trim());
  };
  return (
    <Card title="Bring a file by hand">
      <div className={styles.form}>
        <p>
          A debug bundle from a USB drive, an archive, or any log. It is searched as one that the
          appliance has sent itself.
        </p>
        {!given && <AppliancePick picked={picked} onPick={setPicked} />}
        <TextField
          label="Remark"
          hint="Kept with what is brought next."
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <DropZone reason={reason} onFiles={take} />
      </div>
      <ul className={styles.list} aria-label="Uploads">
        {uploads
          .filter((upload) => isMine(upload.appliance.id))
          .map((upload) => (
            <UploadItem key={upload.id} upload={upload} />
          ))}
        {unfinished
          .filter((upload) => isMine(upload.appliance))
          .map((upload) => (
            <UnfinishedItem key={upload.location} upload={upload} />
          ))}
      </ul>
    </Card>
  );
}

interface DropZoneProps {
  reason: string | null;
  onFiles: (files: FileList | null) => void;
}

function DropZone({ reason, onFiles }: DropZoneProps) {
  const [isOver, setOver] = useState(false);
  const id = useId();
  const over = (event: DragEvent) => {
    event.preventDefault();
    setOver(reason === null);
  };
  return (
    <div
      className={`${styles.zone} ${isOver ? styles.over : ""}`}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles(event.dataTransfer.files);
      }}
    >
      <label htmlFor={id}>Files</label>
      <input
        id={id}
        type="file"
        multiple
        disabled={reason !== null}
        onChange={(event) => {
          onFiles(event.target.files);
          // The same file can be chosen again, to go on with it.
          event.target.value = "";
        }}
      />
      <span className="muted">{reason ?? "or drop them here"}</span>
    </div>
  );
}

function UploadItem({ upload }: { upload: Upload }) {
  const { id, file, appliance, state, offset } = upload;
  const isOver = state.is === "done" || state.is === "failed";
  const isGoing = ["sending", "waiting", "checking"].includes(state.is);
  const percent = Math.floor((offset / Math.max(1, file.size)) * 10) * 10;
  return (
    <li className={styles.item}>
      <div className="spread">
        <span>
          <strong>{file.name}</strong> <span className="muted">for {appliance.name}</span>
        </span>
        <span className="line">
          {isGoing && state.is !== "checking" && (
            <Button small aria-label={`Pause ${file.name}`} onClick={() => pause(id)}>
              Pause
            </Button>
          )}
          {(state.is === "paused" || state.is === "failed") && (
            <Button small aria-label={`Go on with ${file.name}`} onClick={() => resume(id)}>
              Go on
            </Button>
          )}
          {isOver ? (
            <Button small look="quiet" onClick={() => dismiss(id)}>
              Dismiss
            </Button>
          ) : (
            <Button
              small
              look="danger"
              aria-label={`Cancel ${file.name}`}
              onClick={() => void cancel(upload).catch(tellProblem)}
            >
              Cancel
            </Button>
          )}
        </span>
      </div>
      {!isOver && <Bar share={offset / Math.max(1, file.size)} label={`Sent of ${file.name}`} />}
      <p className="muted">
        {wordsOf(upload)}
        <span role="status" className="hidden">
          {`${file.name}: ${state.is}${isOver ? "" : `, ${percent} %`}`}
        </span>
      </p>
      {state.is === "failed" && <ProblemNote problem={state.problem} />}
    </li>
  );
}

function wordsOf({ state, offset, file }: Upload): string {
  const sent = `${formatBytes(offset)} of ${formatBytes(file.size)}`;
  switch (state.is) {
    case "sending":
      return sent;
    case "checking":
      return "All of it is there; it is being verified and stored.";
    case "paused":
      return `${sent}. Paused: what is there stays, and can be gone on with.`;
    case "waiting": {
      const after = `Tried again in ${count(state.seconds, "second")}.`;
      return `${sent}. ${state.problem.message}. ${state.problem.whatToDo} ${after}`;
    }
    case "done":
      return `${formatBytes(file.size)}, here and verified.`;
    case "failed":
      return `${sent} went through.`;
  }
}

/** Begun on a page that is gone. */
function UnfinishedItem({ upload }: { upload: Remembered }) {
  const { name, applianceName, size, location } = upload;
  const [busy, setBusy] = useState(false);
  const end = async () => {
    setBusy(true);
    try {
      await giveUpAt(location);
    } catch (error) {
      tellProblem(error);
      setBusy(false);
    }
  };
  return (
    <li className={styles.item}>
      <div className="spread">
        <span>
          <strong>{name}</strong> <span className="muted">for {applianceName}</span>
        </span>
        <Button
          small
          look="danger"
          busy={busy}
          aria-label={`Cancel ${name}`}
          onClick={() => void end()}
        >
          Cancel
        </Button>
      </div>
      <p className="muted">
        {formatBytes(size)}, begun before. Choose the same file again to go on where it stopped.
      </p>
    </li>
  );
}
