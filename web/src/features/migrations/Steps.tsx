import type { Task } from "../../api/migrations";
import { Badge, type Shape, type Tone } from "../../ui/Badge";
import styles from "./Migrations.module.css";

const STATES: Record<Task["state"], readonly [Tone, Shape, string]> = {
  done: ["good", "disc", "Done"],
  now: ["warn", "triangle", "Now"],
  later: ["quiet", "ring", "Later"],
};

const ON_SITE = "the person on site";
const OFFICE = "an operator";

/** What people do for a migration, numbered; `isYours` where the person on site reads it. */
export function Steps({ tasks, isYours = false }: { tasks: readonly Task[]; isYours?: boolean }) {
  return (
    <ol>
      {tasks.map((task) => (
        <Step key={task.number} task={task} isYours={isYours} />
      ))}
    </ol>
  );
}

function Step({ task: { number, text, state, who }, isYours }: { task: Task; isYours: boolean }) {
  const [tone, shape, word] = STATES[state] ?? STATES.later;
  return (
    <li
      className={styles.task}
      data-state={state}
      aria-current={state === "now" ? "step" : undefined}
    >
      <strong className="number">{number}.</strong>
      <div>
        <p>{text}</p>
        <p className="muted">{who === "on_site" ? (isYours ? "you" : ON_SITE) : OFFICE}</p>
      </div>
      <Badge tone={tone} shape={shape} bare>
        {word}
      </Badge>
    </li>
  );
}
