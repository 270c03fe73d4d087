// One stream of events per tab (`GET /api/v1/events`), whatever the page shows.
//
// The browser reconnects by itself and names the last event it saw. Where it gives up (the session
// ran out, the tab slept) a new stream goes on from there; where that is too long ago the server
// says `reset`, and whoever listens is told of the gap.

export interface Change {
  readonly kind: string;
  readonly topic: string;
  readonly id: string;
  readonly version: number;
  readonly row: unknown;
}

export type LiveState = "connecting" | "live" | "reconnecting" | "paused";

export interface Listener {
  changes(changes: readonly Change[]): void;
  /** Events may have been missed: what is shown must be fetched again. */
  gap(): void;
}

/** What is used of `EventSource`. */
export interface Source {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface World {
  open(url: string): Source;
  /** Makes sure of a session; false where nobody could be logged in now. */
  renew(): Promise<boolean>;
  after(milliseconds: number, work: () => void): () => void;
}

const CLOSED = 2;
// The browser tells of every short break; only one that lasts is worth a word.
const SHOW_RECONNECTING_AFTER = 2_000;
const CLOSE_WHEN_HIDDEN_FOR = 30_000;
const RETRY_FIRST = 1_000;
const RETRY_MOST = 30_000;

export class LiveStream {
  readonly #world: World;
  readonly #listener: Listener;
  readonly #subscribers = new Set<() => void>();
  #source: Source | null = null;
  #state: LiveState = "connecting";
  #stop: Array<() => void> = [];
  #retry = RETRY_FIRST;
  #running = false;
  #paused = false;
  #asleep = false;
  #last = "";

  constructor(world: World, listener: Listener) {
    this.#world = world;
    this.#listener = listener;
  }

  get state(): LiveState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#subscribers.add(listener);
    return () => this.#subscribers.delete(listener);
  };

  /** Opens the stream. Twice is once. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#open();
  }

  stop(): void {
    this.#running = false;
    this.#close();
    this.#show("connecting");
  }

  /** Stands still until `resume`, at the wish of whoever reads the page. */
  pause(): void {
    this.#paused = true;
    this.#close();
    this.#show("paused");
  }

  resume(): void {
    this.#paused = false;
    if (this.#running) this.#open();
  }

  /** A page that nobody sees gives its connection back after a while. */
  visible(visible: boolean): void {
    this.#cancelTimers();
    if (visible && this.#asleep) {
      this.#asleep = false;
      if (this.#running && !this.#paused) this.#open();
    } else if (!visible) {
      this.#later(CLOSE_WHEN_HIDDEN_FOR, () => {
        this.#asleep = true;
        this.#close();
      });
    }
  }

  #open(): void {
    this.#close();
    if (this.#paused || this.#asleep) return;
    if (this.#state === "paused") this.#show("connecting");
    // A new source cannot say by itself what the one before it had seen.
    const after = this.#last === "" ? "" : `&last_event_id=${encodeURIComponent(this.#last)}`;
    const source = this.#world.open(`/api/v1/events?topics=fleet${after}`);
    this.#source = source;
    let first = after === "";
    source.onopen = () => {
      this.#cancelTimers();
      this.#retry = RETRY_FIRST;
      this.#show("live");
      // Later openings go on where the stream broke: nothing was missed.
      if (first) this.#listener.gap();
      first = false;
    };
    source.onerror = () => this.#broken(source);
    source.addEventListener("reset", (event) => {
      this.#last = event.lastEventId;
      this.#listener.gap();
    });
    source.addEventListener("changes", (event) => {
      this.#last = event.lastEventId;
      this.#take(event.data);
    });
  }

  #take(data: string): void {
    const batch: unknown = JSON.parse(data);
    if (typeof batch !== "object" || batch === null || !("changes" in batch)) return;
    if (Array.isArray(batch.changes)) this.#listener.changes(batch.changes as Change[]);
  }

  #broken(source: Source): void {
    if (source !== this.#source) return;
    this.#cancelTimers();
    this.#later(SHOW_RECONNECTING_AFTER, () => this.#show("reconnecting"));
    if (source.readyState !== CLOSED) return;
    const wait = this.#retry;
    this.#retry = Math.min(RETRY_MOST, this.#retry * 2);
    this.#later(wait, () => {
      void this.#world.renew().then((renewed) => {
        if (source !== this.#source) return;
        if (renewed) this.#open();
        else this.#broken(source);
      });
    });
  }

  #close(): void {
    this.#cancelTimers();
    this.#source?.close();
    this.#source = null;
  }

  #later(milliseconds: number, work: () => void): void {
    this.#stop.push(this.#world.after(milliseconds, work));
  }

  #cancelTimers(): void {
    for (const stop of this.#stop) stop();
    this.#stop = [];
  }

  #show(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#subscribers) listener();
  }
}
