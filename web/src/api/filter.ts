// The filter language of `?q=`: terms set apart by blanks, all of which must hold.
//
//   key=value  key!=value  key<value  key>value  key~text  key=a,b  word  "two words"
//
// The server is the judge of a filter. Here it is only taken apart into chips and put together
// again, so that what is not understood is kept as it was written.

export type Comparison = "=" | "!=" | "<" | ">" | "~";

export type Term =
  | { readonly kind: "word"; readonly text: string }
  | {
      readonly kind: "field";
      readonly key: string;
      readonly comparison: Comparison;
      readonly values: readonly string[];
    };

export interface FilterKey {
  readonly key: string;
  readonly label: string;
  /** The values there are, where there are few. */
  readonly values?: readonly string[];
  readonly number?: boolean;
}

export const APPLIANCE_KEYS: readonly FilterKey[] = [
  {
    key: "presence",
    label: "Presence",
    values: ["online", "stale", "offline", "expected_offline"],
  },
  { key: "state", label: "State", values: ["pending", "accepted", "rejected", "decommissioned"] },
  { key: "name", label: "Name" },
  { key: "site", label: "Site" },
  { key: "organisation", label: "Organisation" },
  { key: "hypervisor", label: "Hypervisor" },
  { key: "kernel", label: "dom0 kernel" },
  { key: "xen", label: "Xen" },
  { key: "qemu", label: "QEMU" },
  { key: "alpine", label: "Alpine" },
  { key: "agent", label: "Agent" },
  { key: "uptime", label: "Uptime in days", number: true },
  { key: "joined", label: "Days since it asked to join", number: true },
  { key: "vms", label: "VMs", number: true },
  { key: "vms_running", label: "VMs running", number: true },
  { key: "io_scheduler", label: "I/O scheduler" },
  { key: "epoch", label: "Epoch", number: true },
  { key: "read_only", label: "Read-only", values: ["yes", "no"] },
];

const FIELD = /^([a-z_]+)(!=|=|<|>|~)(.*)$/s;

/** Takes a filter apart. Never fails: what makes no sense becomes a word for the server to judge. */
export function parseFilter(text: string): Term[] {
  return split(text).map(({ raw, quotedFirst }) => {
    const field = quotedFirst ? null : FIELD.exec(raw);
    if (!field) return { kind: "word", text: unquote(raw) };
    const [, key = "", comparison = "=", rest = ""] = field;
    return {
      kind: "field",
      key,
      comparison: comparison as Comparison,
      values: splitValues(rest).map(unquote),
    };
  });
}

export function printTerm(term: Term): string {
  if (term.kind === "word") {
    return FIELD.test(term.text) ? quoted(term.text) : quote(term.text);
  }
  return `${term.key}${term.comparison}${term.values.map(quote).join(",")}`;
}

export function printFilter(terms: readonly Term[]): string {
  return terms.map(printTerm).join(" ");
}

/** The filter of a URL: `q`, and the shorthand `?presence=online` for a term of it. */
export function filterOfSearch(search: Readonly<Record<string, unknown>>): string {
  const q = typeof search.q === "string" ? search.q.trim() : "";
  const shorthand = APPLIANCE_KEYS.flatMap(({ key }): Term[] => {
    const value = search[key];
    if (typeof value !== "string" || value === "") return [];
    return [{ kind: "field", key, comparison: "=", values: value.split(",") }];
  });
  if (shorthand.length === 0) return q;
  const known = new Set(parseFilter(q).map(printTerm));
  const added = shorthand.filter((term) => !known.has(printTerm(term)));
  return [printFilter(added), q].filter((part) => part !== "").join(" ");
}

/** The keys of shorthand, all of them without a value: what a URL no longer says. */
export const NO_SHORTHAND: Readonly<Record<string, undefined>> = Object.fromEntries(
  APPLIANCE_KEYS.map(({ key }) => [key, undefined]),
);

/** The value that a key is held to by a single `=`, if it is. */
export function heldTo(terms: readonly Term[], key: string): string | null {
  const held = terms.filter((term) => term.kind === "field" && term.key === key);
  const [only] = held;
  if (held.length !== 1 || only?.kind !== "field" || only.comparison !== "=") return null;
  return only.values.join(",");
}

/** The same filter with `key` held to `value`, or not held at all. */
export function withHeld(terms: readonly Term[], key: string, value: string | null): Term[] {
  const others = terms.filter((term) => term.kind === "word" || term.key !== key);
  if (value === null) return others;
  return [{ kind: "field", key, comparison: "=", values: value.split(",") }, ...others];
}

/** Cuts at blanks outside quotes. */
function split(text: string): Array<{ raw: string; quotedFirst: boolean }> {
  const parts: Array<{ raw: string; quotedFirst: boolean }> = [];
  let raw = "";
  let inside = false;
  for (const letter of text) {
    if (letter === '"') inside = !inside;
    if (/\s/.test(letter) && !inside) {
      if (raw !== "") parts.push({ raw, quotedFirst: raw.startsWith('"') });
      raw = "";
    } else {
      raw += letter;
    }
  }
  if (raw !== "") parts.push({ raw, quotedFirst: raw.startsWith('"') });
  return parts;
}

function splitValues(text: string): string[] {
  const values = [""];
  let inside = false;
  for (const letter of text) {
    if (letter === '"') inside = !inside;
    if (letter === "," && !inside) values.push("");
    else values[values.length - 1] += letter;
  }
  return values;
}

function unquote(text: string): string {
  return text.replaceAll('"', "");
}

function quote(text: string): string {
  return text === "" || /[\s,]/.test(text) ? quoted(text) : text;
}

// The language has no escapes, so a quotation mark inside a value cannot be written.
function quoted(text: string): string {
  return `"${text.replaceAll('"', "")}"`;
}
