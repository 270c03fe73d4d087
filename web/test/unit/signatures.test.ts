import { expect, test } from "vitest";

import type { Signature } from "../../src/api/types";
import {
  draftError,
  EMPTY_DRAFT,
  findingFilter,
  findingOrder,
  linesOf,
  signatureOf,
  sorted,
} from "../../src/features/signatures/signatures";

test("a signature is one once it has an id, a meaning and a pattern; patterns come one a line", () => {
  const draft = { ...EMPTY_DRAFT, id: "pbx_stopped", meaning: "The PBX stopped." };

  expect(signatureOf(draft)).toBeNull();
  expect(signatureOf({ ...draft, patterns: "asterisk exited\r\n\n  core dumped$\n" })).toEqual({
    id: "pbx_stopped",
    meaning: "The PBX stopped.",
    severity: "high",
    advice: "",
    patterns: ["asterisk exited", "  core dumped$"],
    samples: [],
    has_trace: false,
  });
});

test("an id that the server would refuse says what one looks like", () => {
  expect(draftError({ ...EMPTY_DRAFT, id: "PBX stopped" })).toContain("pbx_stopped");
  expect(draftError({ ...EMPTY_DRAFT, id: "pbx-2" })).toBeNull();
});

test("the gravest come first, and those of one severity by their id", () => {
  const signature = (id: string, severity: string) => ({ id, severity }) as Signature;
  const given = [signature("b", "warn"), signature("c", "fatal"), signature("a", "warn")];

  expect(sorted(given).map(({ id }) => id)).toEqual(["c", "a", "b"]);
});

test("findings are filtered by what the address says, as far as it makes sense", () => {
  expect(findingFilter({ signature: "kernel_panic", severity: "fatal" })).toBe(
    'signature~"kernel_panic" severity=fatal',
  );
  expect(findingFilter({ severity: "terrible" })).toBe("");
  expect([findingOrder("found_at"), findingOrder("x")]).toEqual(["found_at", "-severity"]);
});

test("blanks at the ends of a line are part of it", () => {
  expect(linesOf(" a \n\t\nb")).toEqual([" a ", "b"]);
});
