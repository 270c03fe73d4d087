import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";

import { filterOfSearch, NO_SHORTHAND } from "./api/filter";
import { NotFound, PageFault, Shell } from "./shell/Shell";

type Search = Readonly<Record<string, unknown>>;

const text = (search: Search, key: string) => {
  const value = search[key];
  return typeof value === "string" && value !== "" ? value : undefined;
};

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("./features/overview/OverviewPage"), "OverviewPage"),
});

const appliances = createRoute({
  getParentRoute: () => root,
  path: "/appliances",
  // `?presence=online` is shorthand for a term of the filter; it becomes one here.
  validateSearch: (search: Search): { q?: string; sort?: string } => ({
    ...NO_SHORTHAND,
    q: filterOfSearch(search) || undefined,
    sort: text(search, "sort"),
  }),
  component: lazyRouteComponent(
    () => import("./features/appliances/AppliancesPage"),
    "AppliancesPage",
  ),
});

const appliance = createRoute({
  getParentRoute: () => root,
  path: "/appliances/$id",
  component: lazyRouteComponent(
    () => import("./features/appliance/AppliancePage"),
    "AppliancePage",
  ),
});

const overview = createRoute({
  getParentRoute: () => appliance,
  path: "/",
  component: lazyRouteComponent(() => import("./features/appliance/OverviewTab"), "OverviewTab"),
});

const vms = createRoute({
  getParentRoute: () => appliance,
  path: "vms",
  component: lazyRouteComponent(() => import("./features/appliance/VmsTab"), "VmsTab"),
});

const storage = createRoute({
  getParentRoute: () => appliance,
  path: "storage",
  component: lazyRouteComponent(() => import("./features/appliance/StorageTab"), "StorageTab"),
});

const applianceBackups = createRoute({
  getParentRoute: () => appliance,
  path: "backups",
  component: lazyRouteComponent(() => import("./features/appliance/BackupsTab"), "BackupsTab"),
});

const boots = createRoute({
  getParentRoute: () => appliance,
  path: "boots",
  component: lazyRouteComponent(() => import("./features/appliance/BootsTab"), "BootsTab"),
});

const applianceOperations = createRoute({
  getParentRoute: () => appliance,
  path: "operations",
  component: lazyRouteComponent(
    () => import("./features/appliance/OperationsTab"),
    "OperationsTab",
  ),
});

const debug = createRoute({
  getParentRoute: () => appliance,
  path: "debug",
  component: lazyRouteComponent(() => import("./features/appliance/DebugTab"), "DebugTab"),
});

const timeline = createRoute({
  getParentRoute: () => appliance,
  path: "timeline",
  validateSearch: (search: Search): { range?: string } => ({ range: text(search, "range") }),
  component: lazyRouteComponent(() => import("./features/appliance/TimelineTab"), "TimelineTab"),
});

const mitigations = createRoute({
  getParentRoute: () => appliance,
  path: "mitigations",
  component: lazyRouteComponent(
    () => import("./features/appliance/MitigationsTab"),
    "MitigationsTab",
  ),
});

const move = createRoute({
  getParentRoute: () => appliance,
  path: "move",
  component: lazyRouteComponent(() => import("./features/appliance/MoveTab"), "MoveTab"),
});

const operations = createRoute({
  getParentRoute: () => root,
  path: "/operations",
  validateSearch: (
    search: Search,
  ): { state?: string; kind?: string; ended?: string; sort?: string } => ({
    state: text(search, "state"),
    kind: text(search, "kind"),
    ended: text(search, "ended"),
    sort: text(search, "sort"),
  }),
  component: lazyRouteComponent(
    () => import("./features/operations/OperationsPage"),
    "OperationsPage",
  ),
});

const operation = createRoute({
  getParentRoute: () => root,
  path: "/operations/$id",
  component: lazyRouteComponent(
    () => import("./features/operations/OperationPage"),
    "OperationPage",
  ),
});

const bulks = createRoute({
  getParentRoute: () => root,
  path: "/bulks",
  component: lazyRouteComponent(() => import("./features/bulks/BulksPage"), "BulksPage"),
});

const bulk = createRoute({
  getParentRoute: () => root,
  path: "/bulks/$id",
  validateSearch: (search: Search): { state?: string } => ({ state: text(search, "state") }),
  component: lazyRouteComponent(() => import("./features/bulks/BulkPage"), "BulkPage"),
});

const backups = createRoute({
  getParentRoute: () => root,
  path: "/backups",
  validateSearch: (search: Search): { appliance?: string; state?: string; sort?: string } => ({
    appliance: text(search, "appliance"),
    state: text(search, "state"),
    sort: text(search, "sort"),
  }),
  component: lazyRouteComponent(() => import("./features/backups/BackupsPage"), "BackupsPage"),
});

const migrations = createRoute({
  getParentRoute: () => root,
  path: "/migrations",
  validateSearch: (search: Search): { appliance?: string; state?: string } => ({
    appliance: text(search, "appliance"),
    state: text(search, "state"),
  }),
  component: lazyRouteComponent(
    () => import("./features/migrations/MigrationsPage"),
    "MigrationsPage",
  ),
});

const migration = createRoute({
  getParentRoute: () => root,
  path: "/migrations/$id",
  component: lazyRouteComponent(
    () => import("./features/migrations/MigrationPage"),
    "MigrationPage",
  ),
});

const debugFiles = createRoute({
  getParentRoute: () => root,
  path: "/debug-files",
  validateSearch: (
    search: Search,
  ): { appliance?: string; state?: string; trigger?: string; held?: string; sort?: string } => ({
    appliance: text(search, "appliance"),
    state: text(search, "state"),
    trigger: text(search, "trigger"),
    held: text(search, "held"),
    sort: text(search, "sort"),
  }),
  component: lazyRouteComponent(
    () => import("./features/debug-files/DebugFilesPage"),
    "DebugFilesPage",
  ),
});

const bundle = createRoute({
  getParentRoute: () => root,
  path: "/debug-files/$id",
  validateSearch: (search: Search): { q?: string } => ({ q: text(search, "q") }),
  component: lazyRouteComponent(() => import("./features/debug-files/BundlePage"), "BundlePage"),
});

const bundleFile = createRoute({
  getParentRoute: () => root,
  path: "/debug-files/$id/file",
  validateSearch: (search: Search): { path?: string; line?: string } => ({
    path: text(search, "path"),
    line: text(search, "line"),
  }),
  component: lazyRouteComponent(() => import("./features/debug-files/FilePage"), "FilePage"),
});

const signatures = createRoute({
  getParentRoute: () => root,
  path: "/signatures",
  component: lazyRouteComponent(
    () => import("./features/signatures/SignaturesPage"),
    "SignaturesPage",
  ),
});

const findings = createRoute({
  getParentRoute: () => root,
  path: "/signatures/findings",
  validateSearch: (
    search: Search,
  ): {
    appliance?: string;
    signature?: string;
    severity?: string;
    found?: string;
    sort?: string;
  } => ({
    appliance: text(search, "appliance"),
    signature: text(search, "signature"),
    severity: text(search, "severity"),
    found: text(search, "found"),
    sort: text(search, "sort"),
  }),
  component: lazyRouteComponent(() => import("./features/signatures/FindingsPage"), "FindingsPage"),
});

const alarms = createRoute({
  getParentRoute: () => root,
  path: "/alarms",
  validateSearch: (search: Search): { show?: string } => ({ show: text(search, "show") }),
  component: lazyRouteComponent(() => import("./features/alarms/AlarmsPage"), "AlarmsPage"),
});

const schedules = createRoute({
  getParentRoute: () => root,
  path: "/schedules",
  component: lazyRouteComponent(
    () => import("./features/schedules/SchedulesPage"),
    "SchedulesPage",
  ),
});

const reliability = createRoute({
  getParentRoute: () => root,
  path: "/reliability",
  validateSearch: (
    search: Search,
  ): { q?: string; alpha?: string; component?: string; a?: string; b?: string } => ({
    q: text(search, "q"),
    alpha: text(search, "alpha"),
    component: text(search, "component"),
    a: text(search, "a"),
    b: text(search, "b"),
  }),
  component: lazyRouteComponent(
    () => import("./features/reliability/ReliabilityPage"),
    "ReliabilityPage",
  ),
});

const ends = createRoute({
  getParentRoute: () => root,
  path: "/boots",
  validateSearch: (
    search: Search,
  ): { appliance?: string; end?: string; confidence?: string; ended?: string; sort?: string } => ({
    appliance: text(search, "appliance"),
    end: text(search, "end"),
    confidence: text(search, "confidence"),
    ended: text(search, "ended"),
    sort: text(search, "sort"),
  }),
  component: lazyRouteComponent(() => import("./features/boots/EndsPage"), "EndsPage"),
});

const releases = createRoute({
  getParentRoute: () => root,
  path: "/releases",
  component: lazyRouteComponent(() => import("./features/releases/ReleasesPage"), "ReleasesPage"),
});

const enrolment = createRoute({
  getParentRoute: () => root,
  path: "/enrolment",
  component: lazyRouteComponent(
    () => import("./features/enrolment/EnrolmentPage"),
    "EnrolmentPage",
  ),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  component: lazyRouteComponent(() => import("./features/audit/AuditPage"), "AuditPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    appliances,
    appliance.addChildren([
      overview,
      vms,
      storage,
      applianceBackups,
      boots,
      timeline,
      mitigations,
      move,
      applianceOperations,
      debug,
    ]),
    operations,
    operation,
    bulks,
    bulk,
    backups,
    migrations,
    migration,
    debugFiles,
    bundle,
    bundleFile,
    signatures,
    findings,
    alarms,
    schedules,
    reliability,
    ends,
    releases,
    enrolment,
    audit,
  ]),
  defaultPreload: "intent",
  defaultErrorComponent: PageFault,
  scrollRestoration: false,
  // Plain texts, so that a person can read and write them.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const entries = Object.entries(search).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "",
    );
    const printed = new URLSearchParams(entries).toString();
    return printed === "" ? "" : `?${printed}`;
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
