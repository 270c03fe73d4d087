// What a bundle says of itself. The agent writes it, and a newer one may write more.
import { isRecord, list, text, texts } from "../../api/given";
import type { BundleContents, FileInside } from "../../api/types";

export interface Manifest {
  readonly agentVersion: string | null;
  readonly bootId: string | null;
  readonly createdAt: string | null;
  /** Whether it was collected to its end. */
  readonly isSealed: boolean;
  /** Whether everything could be looked at. */
  readonly isWhole: boolean;
  /** What could not, for want of time or room. */
  readonly leftOut: readonly string[];
  readonly privacy: string | null;
  readonly entryCount: number;
}

/** The manifest of a bundle; nothing where it has none that is known. */
export function manifestOf(value: unknown): Manifest | null {
  if (!isRecord(value) || !Array.isArray(value.entries)) return null;
  return {
    agentVersion: text(value, "agent_version"),
    bootId: text(value, "boot_id"),
    createdAt: text(value, "created_at"),
    isSealed: value.sealed === true,
    isWhole: value.is_whole === true,
    leftOut: texts(value, "left_out"),
    privacy: text(value, "privacy"),
    entryCount: list(value.entries).length,
  };
}

/** What became of the files when they were collected. */
export interface Losses {
  readonly truncated: readonly FileInside[];
  readonly failed: readonly FileInside[];
  /** How many secrets were taken out, in all. */
  readonly redactions: number;
}

export function lossesOf({ files }: BundleContents): Losses {
  return {
    truncated: files.filter((file) => file.truncated),
    failed: files.filter((file) => file.error),
    redactions: files.reduce((sum, file) => sum + file.redactions, 0),
  };
}

/** The files whose path holds all of these words, capital or not. */
export function matchingFiles(files: readonly FileInside[], typed: string): readonly FileInside[] {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return files.filter(({ path }) => {
    const known = path.toLowerCase();
    return words.every((word) => known.includes(word));
  });
}

/** Files under one folder, in their order. */
export interface Folder {
  /** Nothing for those in none. */
  readonly path: string;
  readonly files: readonly FileInside[];
}

/** The files by folder, each where its first file is. */
export function byFolder(files: readonly FileInside[]): readonly Folder[] {
  const folders = new Map<string, FileInside[]>();
  for (const file of files) {
    const path = file.path.slice(0, Math.max(0, file.path.lastIndexOf("/")));
    const known = folders.get(path);
    if (known) known.push(file);
    else folders.set(path, [file]);
  }
  return [...folders].map(([path, files]) => ({ path, files }));
}

/** What it is called in its folder. */
export function fileName({ path }: FileInside): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A number as somebody may have typed it into the address; nothing where it is no line. */
export function lineOf(typed: string | undefined): number | null {
  if (!typed || !/^\d{1,12}$/.test(typed)) return null;
  const line = Number(typed);
  return line > 0 ? line : null;
}
