import { useState } from "react";

import { linksOf, makeLink } from "../../api/links";
import { asProblem, type Problem } from "../../api/problem";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { copy } from "../../ui/CopyId";
import { CopyText } from "../../ui/CopyText";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { SelectField, TextField } from "../../ui/Field";
import { CopyIcon } from "../../ui/icons";
import { ProblemNote } from "../../ui/ProblemNote";

const LIVES: ReadonlyArray<readonly [number, string]> = [
  [8, "8 hours"],
  [24, "1 day"],
  [3 * 24, "3 days"],
  [7 * 24, "1 week"],
  [31 * 24, "31 days"],
];

/** Makes a link for the person on site, and shows it this once. */
export default function CreateLink({ id, onClose }: { id: string; onClose: () => void }) {
  const [url, setUrl] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const create = async (form: FormData) => {
    setBusy(true);
    setProblem(null);
    try {
      const note = String(form.get("note") ?? "").trim();
      setUrl(await makeLink(id, note, Number(form.get("hours"))));
      void queries.invalidateQueries({ queryKey: linksOf(id).queryKey });
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  if (url !== null) {
    return (
      <Dialog title="Send this to the person on site" onClose={onClose} stays wide>
        <CopyText text={url} />
        <p>
          Whoever has it sees the steps, and can do nothing. It is shown this once; the server keeps
          no copy that could be shown again.
        </p>
        <DialogButtons>
          <Button onClick={() => void copy(url, "link")}>
            <CopyIcon /> Copy the link
          </Button>
          <Button look="primary" onClick={onClose}>
            I have it
          </Button>
        </DialogButtons>
      </Dialog>
    );
  }
  return (
    <Dialog title="Create a link for the person on site" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void create(new FormData(event.currentTarget));
        }}
      >
        <TextField label="For" name="note" hint="Whom it is for." maxLength={200} autoFocus />
        <SelectField
          label="Good for"
          name="hours"
          defaultValue={7 * 24}
          hint="And at most until a day after the migration has ended."
        >
          {LIVES.map(([hours, word]) => (
            <option key={hours} value={hours}>
              {word}
            </option>
          ))}
        </SelectField>
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Create
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
