// The uploads of this page: they go on whatever part of it is shown.
import { useSyncExternalStore } from "react";

import { sendRaw } from "../../api/client";
import { queries } from "../../live/live";
import { tell } from "../toasts";
import { begunBefore, forget, recall, remember, type Remembered } from "./memory";
import { base64, giveUp, upload, type Means, type UploadState } from "./tus";

export interface Upload {
  readonly id: number;
  readonly appliance: { readonly id: string; readonly name: string };
  readonly file: File;
  readonly note: string;
  readonly state: UploadState;
  /** How much is there. */
  readonly offset: number;
  readonly location: string | null;
}

interface Shown {
  readonly uploads: readonly Upload[];
  /** Begun before, on a page that is gone: their file has to be chosen again. */
  readonly unfinished: readonly Remembered[];
}

let shown: Shown = { uploads: [], unfinished: recall() };
let next = 1;
const stops = new Map<number, AbortController>();
const listeners = new Set<() => void>();

function set(uploads: readonly Upload[]): void {
  const here = new Set(uploads.map(({ location }) => location));
  const unfinished = recall().filter(({ location }) => !here.has(location));
  shown = { uploads, unfinished };
  for (const listener of listeners) listener();
}

function change(id: number, changed: Partial<Upload>): void {
  set(shown.uploads.map((upload) => (upload.id === id ? { ...upload, ...changed } : upload)));
}

export function useUploads(): Shown {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
}

/** Begins to send a file, or goes on with it. */
export function begin(appliance: Upload["appliance"], file: File, note: string): void {
  const isUnderWay = shown.uploads.some(
    (upload) =>
      upload.appliance.id === appliance.id &&
      upload.file.name === file.name &&
      upload.file.size === file.size &&
      !["done", "failed"].includes(upload.state.is),
  );
  if (isUnderWay) return;
  const id = next++;
  const location = begunBefore(recall(), appliance.id, file)?.location ?? null;
  const state: UploadState = { is: "paused" };
  set([...shown.uploads, { id, appliance, file, note, state, offset: 0, location }]);
  resume(id);
}

/** Goes on with an upload that stands still. */
export function resume(id: number): void {
  const found = shown.uploads.find((upload) => upload.id === id);
  if (!found || stops.has(id)) return;
  const { appliance, file, note } = found;
  const stop = new AbortController();
  stops.set(id, stop);
  change(id, { state: { is: "sending" } });
  let location = found.location;
  const isOver = (state: UploadState) => ["done", "failed", "paused"].includes(state.is);
  const announced = { appliance: appliance.id, name: file.name, note };
  const watcher = {
    state: (state: UploadState) => {
      if (isOver(state)) stops.delete(id);
      if (state.is === "done") {
        if (location) forget(location);
        tell(`${file.name} is here`);
        void queries.invalidateQueries({ queryKey: ["bundles"] });
      }
      change(id, { state });
    },
    offset: (offset: number) => change(id, { offset }),
    location: (path: string | null) => {
      if (location) forget(location);
      location = path;
      if (path) remember(rememberedOf(appliance, file, path));
      change(id, { location: path, offset: 0 });
    },
  };
  void upload(file, announced, location, MEANS, watcher, stop.signal);
}

/** What is there stays there, and is gone on with later. */
export function pause(id: number): void {
  stops.get(id)?.abort();
}

/** Ends it, and removes what is there of it; throws what the server says against it. */
export async function cancel({ id, location }: Upload): Promise<void> {
  pause(id);
  if (location) await giveUpAt(location);
  dismiss(id);
}

export async function giveUpAt(location: string): Promise<void> {
  await giveUp(location, MEANS, new AbortController().signal);
  forget(location);
  set(shown.uploads);
  void queries.invalidateQueries({ queryKey: ["bundles"] });
}

/** Takes one that is over out of the list. */
export function dismiss(id: number): void {
  set(shown.uploads.filter((upload) => upload.id !== id));
}

function rememberedOf({ id, name }: Upload["appliance"], file: File, location: string): Remembered {
  return {
    appliance: id,
    applianceName: name,
    name: file.name,
    size: file.size,
    modified: file.lastModified,
    location,
  };
}

const MEANS: Means = {
  send: sendRaw,
  wait: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(new DOMException("stopped", "AbortError"));
      });
    }),
  sha256: async (piece) => {
    // Browsers have it only where the connection is secure.
    if (!globalThis.crypto?.subtle) return null;
    const digest = await crypto.subtle.digest("SHA-256", await piece.arrayBuffer());
    return base64(new Uint8Array(digest));
  },
};
