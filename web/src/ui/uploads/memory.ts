// Which uploads are not at their end, so that they are gone on with after a reload.
import { isRecord, list, number, text } from "../../api/given";

/** An upload that was begun, and the file that it is of. */
export interface Remembered {
  readonly appliance: string;
  readonly applianceName: string;
  readonly name: string;
  readonly size: number;
  /** When the file was last changed, in milliseconds. */
  readonly modified: number;
  readonly location: string;
}

/** A file, as far as it can be told from others without reading it. */
export interface Mark {
  readonly name: string;
  readonly size: number;
  readonly lastModified: number;
}

const KEY = "domfleet.uploads";
const MOST = 50;

export function recall(): readonly Remembered[] {
  try {
    return remembered(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  } catch {
    return [];
  }
}

export function remember(upload: Remembered): void {
  const others = recall().filter(({ location }) => location !== upload.location);
  write([upload, ...others].slice(0, MOST));
}

export function forget(location: string): void {
  write(recall().filter((upload) => upload.location !== location));
}

/** The upload of that file for that appliance that was begun before. */
export function begunBefore(
  known: readonly Remembered[],
  appliance: string,
  file: Mark,
): Remembered | undefined {
  return known.find((upload) => {
    const isSame = upload.size === file.size && upload.modified === file.lastModified;
    return upload.appliance === appliance && upload.name === file.name && isSame;
  });
}

/** What was stored, without what is not of this shape. */
export function remembered(value: unknown): readonly Remembered[] {
  return list(value).flatMap((given) => {
    if (!isRecord(given)) return [];
    const [appliance, name, location] = ["appliance", "name", "location"].map((key) => {
      return text(given, key);
    });
    const [size, modified] = [number(given, "size"), number(given, "modified")];
    if (!appliance || !name || size === null || modified === null) return [];
    // Nothing but our own paths is ever sent to.
    if (!location?.startsWith("/api/v1/uploads/")) return [];
    const applianceName = text(given, "applianceName") ?? appliance;
    return [{ appliance, applianceName, name, size, modified, location }];
  });
}

function write(uploads: readonly Remembered[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(uploads));
  } catch {
    // Storage may be forbidden or full: the upload then ends with this page.
  }
}
