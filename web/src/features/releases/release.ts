// What is typed of a version, and how versions are listed.
import type { Component, Release, ReleaseState, ReleaseWords } from "../../api/types";
import { COMPONENTS } from "../../ui/componentNames";

export interface Typed {
  readonly component: Component;
  readonly version: string;
  readonly state: ReleaseState;
  readonly note: string;
  /** One a line. */
  readonly problems: string;
}

export function typedOf(release: Release | undefined): Typed {
  return {
    component: release?.component ?? "hypervisor",
    version: release?.version ?? "",
    state: release?.state ?? "stable",
    note: release?.note ?? "",
    problems: release?.problems.join("\n") ?? "",
  };
}

/** What is sent; nothing while no version is named. */
export function wordsOf({ version, note, problems, ...rest }: Typed): ReleaseWords | null {
  if (version.trim() === "") return null;
  const lines = problems.split("\n").map((line) => line.trim());
  return {
    ...rest,
    version: version.trim(),
    note: note.trim(),
    problems: lines.filter((line) => line !== ""),
  };
}

/** In the order in which components are shown; within one as the server lists them. */
export function byComponent(releases: readonly Release[]): Array<[Component, Release[]]> {
  const groups = new Map<Component, Release[]>();
  for (const release of releases) {
    const group = groups.get(release.component) ?? [];
    groups.set(release.component, [...group, release]);
  }
  const place = (component: Component) => {
    const at = COMPONENTS.indexOf(component);
    return at < 0 ? COMPONENTS.length : at;
  };
  return [...groups].toSorted(([a], [b]) => place(a) - place(b));
}
