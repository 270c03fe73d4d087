// A file of any size, read a part at a time: of a large one only what is looked at is in memory.
import type { FilePart } from "../../api/bundles";
import { rowsOf, type Place, type TextRow } from "./rows";

/** What is read to be shown, and what is read to get to a line. */
const PART = 256 * 1024;
const STRIDE = 1024 * 1024;
/** So many parts are in memory. */
const KEPT = 12;

export type ReadPart = (offset: number, limit: number, signal: AbortSignal) => Promise<FilePart>;

/** A part that is known: where it is, and how many rows it has. */
interface Known {
  readonly offset: number;
  readonly limit: number;
  readonly from: Place;
  readonly firstRow: number;
  readonly rowCount: number;
  /** The first line that begins behind it. */
  readonly endLine: number;
}

export interface FileState {
  /** How many rows are known. */
  readonly rows: number;
  /** Whether there are no others. */
  readonly isWhole: boolean;
  /** The line that is being read on to. */
  readonly seeking: number | null;
  readonly trouble: string | null;
  readonly error: unknown;
  /** Changes with everything that can be seen. */
  readonly revision: number;
}

export class FileText {
  readonly #read: ReadPart;
  #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #known: Known[] = [];
  /** The rows that are in memory, by part; the one used last comes last. */
  readonly #texts = new Map<number, readonly TextRow[]>();
  readonly #reading = new Set<number>();
  #next: number | null = 0;
  #end: Place = { line: 1, isWithin: false };
  #isGoingOn = false;
  #state: FileState = {
    rows: 0,
    isWhole: false,
    seeking: null,
    trouble: null,
    error: null,
    revision: 0,
  };

  constructor(read: ReadPart) {
    this.#read = read;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): FileState => this.#state;

  /** Whoever looked has gone, and may come back. */
  close(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#isGoingOn = false;
    this.#change({});
  }

  /** The row of that number, if it is in memory. */
  rowAt(row: number): TextRow | undefined {
    const part = this.#partOf(row);
    if (part === undefined) return undefined;
    return this.#texts.get(part)?.[row - (this.#known[part]?.firstRow ?? 0)];
  }

  /** Rows that are looked at: those that are not in memory are read, and what is behind them. */
  want(first: number, last: number): void {
    const wanted = [this.#partOf(first), this.#partOf(last)];
    for (const part of new Set(wanted)) {
      if (part !== undefined) void this.#readAgain(part);
    }
    if (last >= this.#state.rows - 1) void this.#goOn(PART);
  }

  /** Reads on until that line is known, and says which row it is; nothing where there is none. */
  async find(line: number): Promise<number | null> {
    this.#change({ seeking: line });
    while (!this.#hasLine(line) && (await this.#goOn(STRIDE)));
    this.#change({ seeking: null });
    const part = this.#known.findIndex((known) => line < known.endLine && line >= known.from.line);
    if (part < 0) return null;
    await this.#readAgain(part);
    const rows = this.#texts.get(part) ?? [];
    const at = rows.findIndex((row) => row.line === line);
    return at < 0 ? null : (this.#known[part]?.firstRow ?? 0) + at;
  }

  /** Tries again what has failed. */
  retry(): void {
    this.#change({ error: null });
    void this.#goOn(PART);
  }

  #hasLine(line: number): boolean {
    return line < (this.#known.at(-1)?.endLine ?? 1);
  }

  #partOf(row: number): number | undefined {
    const part = this.#known.findIndex((known) => row < known.firstRow + known.rowCount);
    return part < 0 || row < 0 ? undefined : part;
  }

  /** Reads the next part; says whether it is worth looking again. */
  async #goOn(limit: number): Promise<boolean> {
    if (this.#isGoingOn) {
      // Another has begun: what it reads may be what is wanted.
      await this.#changed();
      return this.#state.error === null;
    }
    const [offset, { signal }] = [this.#next, this.#stop];
    if (offset === null || this.#state.error !== null) return false;
    this.#isGoingOn = true;
    try {
      const part = await this.#read(offset, limit, signal);
      if (signal.aborted) return false;
      const { rows, end } = rowsOf(part.text, this.#end);
      const firstRow = this.#state.rows;
      this.#known.push({
        offset,
        limit,
        from: this.#end,
        firstRow,
        rowCount: rows.length,
        endLine: end.isWithin ? end.line + 1 : end.line,
      });
      this.#keep(this.#known.length - 1, rows);
      this.#end = end;
      this.#next = part.next;
      this.#isGoingOn = false;
      this.#change({
        rows: firstRow + rows.length,
        isWhole: part.next === null,
        trouble: part.trouble,
      });
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#isGoingOn = false;
      this.#change({ error });
      return false;
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.subscribe(() => {
        forget();
        resolve();
      });
    });
  }

  async #readAgain(part: number): Promise<void> {
    const known = this.#known[part];
    const texts = this.#texts.get(part);
    if (texts) this.#keep(part, texts);
    if (!known || texts || this.#reading.has(part)) return;
    this.#reading.add(part);
    const { signal } = this.#stop;
    try {
      const { text } = await this.#read(known.offset, known.limit, signal);
      this.#keep(part, rowsOf(text, known.from).rows);
      this.#change({});
    } catch (error) {
      if (!signal.aborted) this.#change({ error });
    } finally {
      this.#reading.delete(part);
    }
  }

  #keep(part: number, rows: readonly TextRow[]): void {
    this.#texts.delete(part);
    this.#texts.set(part, rows);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= KEPT) break;
      this.#texts.delete(oldest);
    }
  }

  #change(changed: Partial<FileState>): void {
    this.#state = { ...this.#state, ...changed, revision: this.#state.revision + 1 };
    for (const listener of this.#listeners) listener();
  }
}
