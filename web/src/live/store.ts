// Rows by id, as the server last told them, each with its own subscribers.
//
// Changes are collected and applied once a frame, the last one of each row winning, so that a row
// that changes a hundred times between two frames is drawn once.

export interface Row {
  readonly id: string;
  readonly version: number;
}

export interface Changed<T> {
  readonly before: T | undefined;
  readonly after: T;
}

/** Runs `work` before the next frame; a hidden page has no frames, so there a timer serves. */
export type Schedule = (work: () => void) => void;

export const nextFrame: Schedule = (work) => {
  if (document.hidden) setTimeout(work, 250);
  else requestAnimationFrame(work);
};

export class RowStore<T extends Row> {
  readonly #rows = new Map<string, T>();
  readonly #subscribers = new Map<string, Set<() => void>>();
  readonly #watchers = new Set<(changes: readonly Changed<T>[]) => void>();
  readonly #pending = new Map<string, T>();
  readonly #schedule: Schedule;
  #scheduled = false;

  constructor(schedule: Schedule = nextFrame) {
    this.#schedule = schedule;
  }

  get(id: string): T | undefined {
    return this.#rows.get(id);
  }

  /** Takes rows that were fetched. An older one than is known changes nothing. */
  put(rows: readonly T[]): void {
    for (const row of rows) this.#set(row);
  }

  /** Takes a live change, to be shown with the next frame. */
  change(row: T): void {
    const waiting = this.#pending.get(row.id);
    if (waiting && waiting.version > row.version) return;
    this.#pending.set(row.id, row);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => this.#flush());
  }

  /** Calls `listener` when the row of that id has changed. */
  subscribe(id: string, listener: () => void): () => void {
    const listeners = this.#subscribers.get(id) ?? new Set();
    this.#subscribers.set(id, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#subscribers.delete(id);
    };
  }

  /** Calls `listener` with each frame's live changes. */
  watch(listener: (changes: readonly Changed<T>[]) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  clear(): void {
    this.#rows.clear();
    this.#pending.clear();
  }

  #set(row: T): boolean {
    const known = this.#rows.get(row.id);
    if (known && known.version >= row.version) return false;
    this.#rows.set(row.id, row);
    for (const listener of this.#subscribers.get(row.id) ?? []) listener();
    return true;
  }

  #flush(): void {
    this.#scheduled = false;
    const rows = [...this.#pending.values()];
    this.#pending.clear();
    const changes: Changed<T>[] = [];
    for (const after of rows) {
      const before = this.#rows.get(after.id);
      if (this.#set(after)) changes.push({ before, after });
    }
    if (changes.length === 0) return;
    for (const watcher of this.#watchers) watcher(changes);
  }
}
