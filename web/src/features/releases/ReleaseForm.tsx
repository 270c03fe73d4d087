import { useState } from "react";

import { asProblem, type Problem } from "../../api/problem";
import { putRelease } from "../../api/reliability";
import type { Component, Release, ReleaseState } from "../../api/types";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { COMPONENTS, componentName } from "../../ui/componentNames";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { AreaField, ChoiceField, FieldRow, NameField, SelectField } from "../../ui/Field";
import { ProblemNote } from "../../ui/ProblemNote";
import { tell } from "../../ui/toasts";
import { typedOf, wordsOf, type Typed } from "./release";

interface ReleaseFormProps {
  /** The one of which something else is said; a new one where there is none. */
  release?: Release;
  onClose: () => void;
}

const STATES: ReadonlyArray<readonly [ReleaseState, string, string]> = [
  ["beta", "Beta", "Not for production."],
  ["stable", "Stable", "For production. Appliances are warned of its known problems only."],
  ["withdrawn", "Withdrawn", "Taken back: nothing should run it."],
];

/** What is said of a version. */
export function ReleaseForm({ release, onClose }: ReleaseFormProps) {
  const [typed, setTyped] = useState<Typed>(() => typedOf(release));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const words = wordsOf(typed);
  const change = (changed: Partial<Typed>) => setTyped({ ...typed, ...changed });
  const save = async () => {
    if (!words || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await putRelease(words);
      tell(`${componentName(words.component)} ${words.version} is ${words.state}`);
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
    <Dialog
      title={release ? `${componentName(release.component)} ${release.version}` : "Add a version"}
      onClose={onClose}
      wide
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {!release && (
          <FieldRow>
            <SelectField
              label="Component"
              error={problem?.fields.component}
              value={typed.component}
              onChange={(event) => change({ component: event.target.value as Component })}
            >
              {COMPONENTS.map((component) => (
                <option key={component} value={component}>
                  {componentName(component)}
                </option>
              ))}
            </SelectField>
            <NameField
              label="Version"
              hint="As appliances report it, letter by letter."
              error={problem?.fields.version}
              value={typed.version}
              onChange={(event) => change({ version: event.target.value })}
            />
          </FieldRow>
        )}
        <ChoiceField<ReleaseState>
          label="State"
          value={typed.state}
          choices={STATES}
          onChange={(state) => change({ state })}
        />
        <AreaField
          short
          label="Note"
          hint="What people should know, such as what is new in it."
          error={problem?.fields.note}
          value={typed.note}
          onChange={(event) => change({ note: event.target.value })}
        />
        <AreaField
          short
          label="Known problems"
          hint="A sentence a line. Appliances that run it show them."
          error={problem?.fields.problems}
          value={typed.problems}
          onChange={(event) => change({ problems: event.target.value })}
        />
        {problem && <Refusal problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            busy={busy}
            disabledReason={words ? null : "Name a version first"}
          >
            {release ? "Save" : "Add it"}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}

/** The server does not tell who may not that there is anything. */
export function Refusal({ problem }: { problem: Problem }) {
  return (
    <>
      <ProblemNote problem={problem} />
      {problem.status === 404 && (
        <p>Only admins of the topmost organisation say something of versions.</p>
      )}
    </>
  );
}
