// Short words about what has just been done. Errors stay until they are dismissed.
import { useSyncExternalStore } from "react";

import { asProblem, type Problem } from "../api/problem";

export interface Toast {
  readonly id: number;
  readonly tone: "good" | "bad";
  readonly text: string;
  readonly hint?: string;
  readonly requestId?: string | null;
  readonly operation?: string;
}

const STAYS = 6_000;
const MOST = 5;

let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function set(changed: readonly Toast[]): void {
  toasts = changed;
  for (const listener of listeners) listener();
}

function add(toast: Omit<Toast, "id">): number {
  const id = next++;
  set([...toasts, { ...toast, id }].slice(-MOST));
  return id;
}

/** Says that something is done; `operation` links to what goes on. */
export function tell(text: string, operation?: string): void {
  const id = add({ tone: "good", text, ...(operation ? { operation } : {}) });
  setTimeout(() => dismiss(id), STAYS);
}

/** Says that something was refused. */
export function tellProblem(error: unknown): void {
  const problem: Problem = asProblem(error);
  add({
    tone: "bad",
    text: problem.message,
    hint: problem.whatToDo,
    requestId: problem.requestId,
  });
}

export function dismiss(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
}
