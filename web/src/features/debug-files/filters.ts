// What is looked for on the page of debug files, as its URL says it and as the API takes it.

export interface BundleFilter {
  readonly appliance?: string | undefined;
  readonly state?: string | undefined;
  readonly trigger?: string | undefined;
  readonly held?: string | undefined;
}

export const STATES: ReadonlyArray<readonly [string, string]> = [
  ["complete", "Complete"],
  ["requested,collecting,uploading,received", "On their way"],
  ["failed", "Failed"],
  ["expired", "Expired"],
];

export const NEWEST = "-created_at";

export const ORDERS: ReadonlyArray<readonly [string, string]> = [
  [NEWEST, "Newest first"],
  ["created_at", "Oldest first"],
  ["-size_bytes", "Largest first"],
  ["keep_until", "Soonest to go first"],
];

const TRIGGERS = new Set(["on_demand", "unclean_boot", "fatal_message", "upload"]);

/** The language of filters quotes what has blanks; quotation marks themselves are left out. */
export function bundleFilter(filter: BundleFilter): string {
  const text = (filter.appliance ?? "").trim().replaceAll(/["\\]/g, "");
  const { state = "", trigger = "", held = "" } = filter;
  return [
    text === "" ? "" : `appliance~"${text}"`,
    STATES.some(([value]) => value === state) ? `state=${state}` : "",
    TRIGGERS.has(trigger) ? `trigger=${trigger}` : "",
    held === "yes" || held === "no" ? `held=${held}` : "",
  ]
    .filter((term) => term !== "")
    .join(" ");
}

/** The order of a URL, if it is one. */
export function orderOf(sort: string | undefined): string {
  return ORDERS.find(([value]) => value === sort)?.[0] ?? NEWEST;
}
