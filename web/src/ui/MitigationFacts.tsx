import { mitigationTitle, type MitigationAnswer, type MitigationAnswers } from "../api/mitigations";
import styles from "./MitigationFacts.module.css";
import { MitigationBadge } from "./states";

/** What came of asking about mitigations: of each how it stands, and what was or would be changed. */
export function MitigationOutcome({ given: { dryRun, answers } }: { given: MitigationAnswers }) {
  return (
    <div className={styles.answers}>
      {answers.map((answer) => (
        <section key={answer.which} className={styles.answer}>
          <div className="line">
            <h3>{mitigationTitle(answer.which)}</h3>
            <MitigationBadge state={answer.status} />
          </div>
          <Sentences sentences={answer.reasons} />
          <Changes answer={answer} dryRun={dryRun} />
        </section>
      ))}
    </div>
  );
}

export function Sentences({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <ul className={styles.sentences}>
      {sentences.map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

interface ChangesProps {
  answer: MitigationAnswer;
  dryRun: boolean;
}

/** The changes of files as diffs, and what the kernel is told. */
export function Changes({ answer: { files, commands }, dryRun }: ChangesProps) {
  if (files.length === 0 && commands.length === 0) {
    return <p className="muted">{dryRun ? "Nothing would be changed." : "Nothing was changed."}</p>;
  }
  return (
    <>
      {files.map(({ path, diff }) => (
        <Diff key={path} path={path} diff={diff} dryRun={dryRun} />
      ))}
      {commands.length > 0 && (
        <div>
          <p>{dryRun ? "In the running kernel, this would be done:" : "In the running kernel:"}</p>
          <ul className={styles.sentences}>
            {commands.map((command) => (
              <li key={command}>
                <code>{command}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function Diff({ path, diff, dryRun }: { path: string; diff: string; dryRun: boolean }) {
  return (
    <div>
      <p>
        <code>{path}</code> {dryRun ? "would change:" : "changed:"}
      </p>
      <pre className={styles.diff} tabIndex={0} aria-label={`Changes of ${path}`}>
        {linesOf(diff).map(({ at, line }) => (
          <span key={at} className={lookOf(line)}>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
    </div>
  );
}

/** Each line, and where in the text it begins. */
function linesOf(text: string): ReadonlyArray<{ at: number; line: string }> {
  let at = 0;
  return text.split("\n").map((line) => {
    const found = { at, line };
    at += line.length + 1;
    return found;
  });
}

/** The sign in front says it, too. */
function lookOf(line: string): string | undefined {
  if (line.startsWith("+++") || line.startsWith("---")) return styles.head;
  if (line.startsWith("+")) return styles.added;
  if (line.startsWith("-")) return styles.removed;
  return undefined;
}
