import { Link, Outlet, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState, type ComponentType } from "react";

import { arrive } from "../ui/arrival";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";
import {
  ApplianceIcon,
  AuditIcon,
  BackupIcon,
  DebugIcon,
  EndIcon,
  EnrolIcon,
  MigrationIcon,
  OperationIcon,
  OverviewIcon,
  ReleaseIcon,
  ReliabilityIcon,
  SearchIcon,
  WarningIcon,
} from "../ui/icons";
import { Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Toasts } from "../ui/Toasts";
import { LiveMark } from "./LiveMark";
import { OpenAlarms, PendingCount, RunningOperations } from "./RunningOperations";
import { ServerNote } from "./ServerNote";
import styles from "./Shell.module.css";
import { useShortcuts } from "./useShortcuts";

const AccountMenu = lazy(() => import("./AccountMenu"));
const Palette = lazy(() => import("../features/palette/Palette"));
const Help = lazy(() => import("./Help"));

/** Every address begins with that of the overview, which is not the current page for that. */
const EXACT = { exact: true };

export type Overlay = "palette" | "help" | null;

export function Shell() {
  const [overlay, setOverlay] = useState<Overlay>(null);
  useShortcuts(setOverlay);
  useArrival();
  return (
    <div className={styles.shell}>
      <a href="#content" className={styles.skip}>
        Skip to content
      </a>
      <nav className={styles.side} aria-label="Main">
        <Link to="/" className={styles.brand} activeOptions={EXACT}>
          <img src="/favicon.svg" width="26" height="26" alt="" />
          <span>Domfleet</span>
        </Link>
        <NavLink to="/" word="Overview" icon={OverviewIcon} />
        <NavLink to="/appliances" word="Appliances" icon={ApplianceIcon} />
        <NavLink to="/operations" word="Operations" icon={OperationIcon} />
        <NavLink to="/backups" word="Backups" icon={BackupIcon} />
        <NavLink to="/migrations" word="Migrations" icon={MigrationIcon} />
        <NavLink to="/debug-files" word="Debug files" icon={DebugIcon} />
        <NavLink to="/alarms" word="Alarms" icon={WarningIcon} aside={<OpenAlarms />} />
        <NavLink to="/reliability" word="Reliability" icon={ReliabilityIcon} />
        <NavLink to="/boots" word="Ends of boots" icon={EndIcon} />
        <NavLink to="/releases" word="Releases" icon={ReleaseIcon} />
        <NavLink to="/enrolment" word="Enrolment" icon={EnrolIcon} aside={<PendingCount />} />
        <NavLink to="/audit" word="Audit" icon={AuditIcon} />
      </nav>
      <header className={styles.top}>
        <Button
          className={styles.find}
          aria-keyshortcuts="Control+K Meta+K"
          onClick={() => setOverlay("palette")}
        >
          <SearchIcon />
          <span className={styles.findWords}>Find an appliance or go to…</span>
          <kbd className={styles.key}>{isMac() ? "⌘ K" : "Ctrl K"}</kbd>
        </Button>
        <div className={styles.tools}>
          <LiveMark />
          <RunningOperations />
          <Suspense fallback={<span className={styles.accountSpace} />}>
            <AccountMenu onHelp={() => setOverlay("help")} />
          </Suspense>
        </div>
      </header>
      <main id="content" className={styles.content} tabIndex={-1}>
        <ServerNote />
        <Outlet />
      </main>
      <Toasts />
      <Suspense>
        {overlay === "palette" && <Palette onClose={() => setOverlay(null)} />}
        {overlay === "help" && <Help onClose={() => setOverlay(null)} />}
      </Suspense>
    </div>
  );
}

interface NavLinkProps {
  to:
    | "/"
    | "/appliances"
    | "/operations"
    | "/backups"
    | "/migrations"
    | "/alarms"
    | "/reliability"
    | "/boots"
    | "/releases"
    | "/debug-files"
    | "/enrolment"
    | "/audit";
  word: string;
  icon: ComponentType;
  aside?: React.ReactNode;
}

function NavLink({ to, word, icon: Icon, aside }: NavLinkProps) {
  return (
    <Link
      to={to}
      className={styles.link}
      activeProps={{ "aria-current": "page" }}
      activeOptions={to === "/" ? EXACT : {}}
    >
      <Icon />
      <span>{word}</span>
      {aside}
    </Link>
  );
}

function useArrival(): void {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onRendered", ({ fromLocation, toLocation }) => {
        // The tabs of an appliance are no arrival.
        const place = (path: string) => {
          return path.startsWith("/appliances/") ? path.split("/").slice(0, 3).join("/") : path;
        };
        if (!fromLocation || place(fromLocation.pathname) === place(toLocation.pathname)) return;
        document.querySelector("#content")?.scrollTo({ top: 0 });
        arrive();
      }),
    [router],
  );
}

function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}

export function NotFound() {
  return (
    <Page title="Not here">
      <EmptyState title="There is no such page">
        <p>The address may be old, or mistyped.</p>
        <Link to="/" activeOptions={EXACT}>
          Go to the overview
        </Link>
      </EmptyState>
    </Page>
  );
}

export function PageFault({ error, reset }: ErrorComponentProps) {
  return (
    <Page title="This page cannot be shown">
      <ProblemNote problem={error} action={<Button onClick={reset}>Try again</Button>} />
    </Page>
  );
}
