// Which releases are to be warned of.
import type { Release } from "../../api/types";
import { FILTER_KEYS } from "../../ui/componentNames";

/** A version that should run nowhere, or not in production, and the key of the filter that finds who runs it. */
export interface Doubtful {
  readonly release: Release;
  readonly key: string;
}

/** The withdrawn ones first, each in the server's order; left out is what no filter finds. */
export function doubtful(releases: readonly Release[]): Doubtful[] {
  return (["withdrawn", "beta"] as const).flatMap((state) =>
    releases.flatMap((release): Doubtful[] => {
      const key = FILTER_KEYS[release.component];
      return key === undefined || release.state !== state ? [] : [{ release, key }];
    }),
  );
}
