import { useState } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { addSignature, SEVERITIES } from "../../api/signatures";
import type { Severity } from "../../api/types";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { AreaField, CheckField, FieldRow, NameField, SelectField, TextField } from "../../ui/Field";
import { ProblemNote } from "../../ui/ProblemNote";
import { severityWord } from "../../ui/states";
import { tell } from "../../ui/toasts";
import { draftError, EMPTY_DRAFT, signatureOf, type SignatureDraft } from "./signatures";

export default function AddSignature({ onClose }: { onClose: () => void }) {
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const wanted = draftError(draft) ? null : signatureOf(draft);
  const change = (changed: Partial<SignatureDraft>) => setDraft({ ...draft, ...changed });
  const add = async () => {
    if (!wanted || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await addSignature(wanted);
      await queries.invalidateQueries({ queryKey: ["signatures"] });
      tell(`Added ${wanted.id}: all bundles are searched for it`);
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Add a signature" onClose={onClose} wide stays={busy}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <FieldRow>
          <NameField
            label="Id"
            hint="What findings and alarms call it."
            value={draft.id}
            error={draftError(draft)}
            onChange={(event) => change({ id: event.target.value })}
            autoFocus
          />
          <SelectField
            label="Severity"
            hint="A fatal one raises an alarm."
            value={draft.severity}
            onChange={(event) => change({ severity: event.target.value as Severity })}
          >
            {SEVERITIES.map((severity) => (
              <option key={severity} value={severity}>
                {severityWord(severity)}
              </option>
            ))}
          </SelectField>
        </FieldRow>
        <TextField
          label="Meaning"
          hint="What has happened, as a sentence."
          value={draft.meaning}
          onChange={(event) => change({ meaning: event.target.value })}
        />
        <TextField
          label="Advice"
          hint="What to do about it; may be left empty."
          value={draft.advice}
          onChange={(event) => change({ advice: event.target.value })}
        />
        <AreaField
          label="Patterns"
          hint="Regular expressions, one a line. Any of them, on one line of a log without its time and level."
          rows={3}
          style={SHORT}
          spellCheck={false}
          value={draft.patterns}
          onChange={(event) => change({ patterns: event.target.value })}
        />
        <AreaField
          label="Samples"
          hint="Lines in which it must be found, one a line. They are tried before it is added; may be left empty."
          rows={3}
          style={SHORT}
          spellCheck={false}
          value={draft.samples}
          onChange={(event) => change({ samples: event.target.value })}
        />
        <CheckField
          label="The kernel prints a call trace below it"
          checked={draft.hasTrace}
          onChange={(event) => change({ hasTrace: event.target.checked })}
        />
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            busy={busy}
            disabledReason={wanted ? null : "Give an id, a meaning and a pattern first"}
          >
            Add
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}

const SHORT = { minHeight: 84 };
