// What a link says to the person on site. Pure.
import type { OnSite } from "../../api/types";
import { formatBytes } from "../../ui/format";
import { phaseLook, waitOf } from "../migrations/words";

export interface Turn {
  /** Whether nothing goes on before he does something. */
  readonly isYours: boolean;
  readonly title: string;
  readonly text: string;
}

/** What is to be done now, and by whom. */
export function turnOf({ phase, waits, tasks, ended_at }: OnSite): Turn {
  const step = tasks.find(({ state, who }) => state === "now" && who === "on_site");
  if (ended_at) {
    const text = step?.text ?? "There is nothing more to be done.";
    return { isYours: false, title: `It is over: ${phaseLook(phase)[2]}`, text };
  }
  if (phase === "resetting") {
    return {
      isYours: false,
      title: "Look at the appliance's screen",
      text: "It has restarted, most likely from the recovery stick. Leave stick and drive in and the power on, and do what the screen says.",
    };
  }
  if (phase === "awaiting_return") {
    return {
      isYours: true,
      title: "The appliance is silent for longer than it should be",
      text: "Read what is on its screen to whoever sent you this link. Pull nothing out, unless the screen says so.",
    };
  }
  if (step && phase !== "soaking") {
    return { isYours: true, title: `Now it is your turn: step ${step.number}`, text: step.text };
  }
  const wait = waitOf({ waits: waits ?? null, what: null });
  const doing = wait ? `${wait.who}: ${wait.what}.` : `${phaseLook(phase)[2]}.`;
  return {
    isYours: false,
    title: "Nothing is for you to do now",
    text: step ? `${doing} ${step.text}` : doing,
  };
}

/** The drive, as it can be told from others. */
export function driveWords({ drive }: OnSite): string {
  if (!drive) return "not known";
  const { name, serial, size_bytes } = drive;
  const words = [name, serial ? `serial number ${serial}` : null, formatBytes(size_bytes)];
  return words.filter(Boolean).join(", ");
}

/** What is known of the recovery stick. */
export function stickWords({ stick }: OnSite): string {
  switch (stick.kind) {
    case "ours":
      return `The one that was made with the permit key ${stick.key}.`;
    case "vendor":
      return "The vendor's own. It asks for nothing, and nothing keeps it from overwriting: leave it out until its step says Now, and unplug the backup drive while it works.";
    default:
      return "One that was made for this server.";
  }
}

/** Whether the link is at its end: asking again does not help. */
export function isOver(error: unknown): boolean {
  return typeof error === "object" && error !== null && "status" in error && error.status === 404;
}
