import { expect, test } from "vitest";

import {
  filterOfSearch,
  heldTo,
  parseFilter,
  printFilter,
  withHeld,
  type Term,
} from "../../src/api/filter";

const field = (
  key: string,
  comparison: "=" | "!=" | "<" | ">" | "~",
  ...values: string[]
): Term => {
  return { kind: "field", key, comparison, values };
};

test.each([
  ["presence=online", [field("presence", "=", "online")]],
  ["hypervisor<2 vms>3", [field("hypervisor", "<", "2"), field("vms", ">", "3")]],
  ["state!=pending", [field("state", "!=", "pending")]],
  ["kernel~6.12", [field("kernel", "~", "6.12")]],
  ["site=Berlin,Wien", [field("site", "=", "Berlin", "Wien")]],
  ['site="Berlin Mitte",Wien', [field("site", "=", "Berlin Mitte", "Wien")]],
  [
    "pbx box",
    [
      { kind: "word", text: "pbx" },
      { kind: "word", text: "box" },
    ],
  ],
  ['"two words"', [{ kind: "word", text: "two words" }]],
  ['"a=b"', [{ kind: "word", text: "a=b" }]],
] satisfies Array<[string, Term[]]>)("%s is taken apart and put together again", (text, terms) => {
  expect(parseFilter(text)).toEqual(terms);
  expect(printFilter(terms)).toBe(text);
});

test.each([
  ["", []],
  ["   ", []],
  ['"open', [{ kind: "word", text: "open" }]],
  ["=", [{ kind: "word", text: "=" }]],
])("%j is no reason to fail", (text, terms) => {
  expect(parseFilter(text)).toEqual(terms);
});

test("printing and parsing again is the same filter, whatever was typed", () => {
  const texts = ['a  "b c" site="x y",z', 'vms>1 "q=1" name~"a b"', "key=", 'Ä=ö presence=a,"b,c"'];
  for (const text of texts) {
    const terms = parseFilter(text);
    expect(parseFilter(printFilter(terms))).toEqual(terms);
  }
});

test("the shorthand of a URL is a term of the filter, and said twice it is said once", () => {
  expect(filterOfSearch({ presence: "online" })).toBe("presence=online");
  expect(filterOfSearch({ presence: "online,stale", q: "pbx" })).toBe("presence=online,stale pbx");
  expect(filterOfSearch({ presence: "online", q: "presence=online pbx" })).toBe(
    "presence=online pbx",
  );
  expect(filterOfSearch({ presence: 7, colour: "red" })).toBe("");
});

test("holding a key to a value leaves the rest of the filter as it was", () => {
  const terms = parseFilter("presence=offline pbx hypervisor<2");

  expect(heldTo(terms, "presence")).toBe("offline");
  expect(printFilter(withHeld(terms, "presence", "online,stale"))).toBe(
    "presence=online,stale pbx hypervisor<2",
  );
  expect(printFilter(withHeld(terms, "presence", null))).toBe("pbx hypervisor<2");
});

test("a key that is held by more than a plain value is held to none", () => {
  expect(heldTo(parseFilter("presence!=offline"), "presence")).toBeNull();
  expect(heldTo(parseFilter("presence=online presence=stale"), "presence")).toBeNull();
});
