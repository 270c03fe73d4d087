import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore, type ReactNode } from "react";

import { onSite } from "../../api/links";
import type { OnSite } from "../../api/types";
import { Button } from "../../ui/Button";
import { Loading } from "../../ui/EmptyState";
import { formatDuration } from "../../ui/format";
import { Card, Facts, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Elapsed, Time } from "../../ui/Time";
import { PhaseBadge } from "../migrations/MigrationFacts";
import { Steps } from "../migrations/Steps";
import styles from "./OnSite.module.css";
import { driveWords, isOver, stickWords, turnOf } from "./words";

const EVERY = 15_000;

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** The steps of one migration, for whoever stands before the appliance and has a link. */
export default function OnSitePage() {
  // In the fragment, which browsers send to nobody.
  const secret = useSyncExternalStore(subscribe, () => window.location.hash.slice(1));
  const { data, error, dataUpdatedAt, refetch } = useQuery({
    queryKey: ["on-site", secret],
    queryFn: ({ signal }) => onSite(secret, signal),
    refetchInterval: ({ state }) => (isOver(state.error) ? false : EVERY),
    refetchOnWindowFocus: true,
    retry: false,
  });
  const again = <Button onClick={() => void refetch()}>Try again</Button>;
  return (
    <main className={styles.main}>
      {isOver(error) ? (
        <Page title="This link shows nothing any more">
          <p>
            It is over, was taken back, or is not whole: look whether all of it was copied, or ask
            whoever sent it for a new one.
          </p>
        </Page>
      ) : data ? (
        <Shown shown={data}>
          {error && (
            <div className={styles.screen}>
              <ProblemNote problem={error} action={again} />
              <p>
                What is shown is from <Time at={new Date(dataUpdatedAt).toISOString()} full />.
              </p>
            </div>
          )}
        </Shown>
      ) : error ? (
        <Page title="The steps are not here yet">
          <ProblemNote problem={error} action={again} />
        </Page>
      ) : (
        <Loading what="the steps" />
      )}
    </main>
  );
}

function Shown({ shown, children }: { shown: OnSite; children: ReactNode }) {
  const { appliance, site, phase, tasks } = shown;
  const turn = turnOf(shown);
  return (
    <Page
      title={`${appliance} moves to 2.x`}
      lead={
        <span className="line">
          <PhaseBadge phase={phase} />
          {site && <span>{site}</span>}
        </span>
      }
      aside={
        <span className={styles.screen}>
          <Button onClick={() => window.print()}>Print</Button>
        </span>
      }
    >
      {children}
      <section className={styles.turn} data-yours={turn.isYours} role="status">
        <h2>{turn.title}</h2>
        <p>{turn.text}</p>
      </section>
      {tasks.length > 0 && (
        <Card title="What people do">
          <Steps tasks={tasks} isYours />
        </Card>
      )}
      <Card title="What it is done with">
        <Facts rows={facts(shown)} />
      </Card>
      <p className="muted">
        This page shows what is to be done and asks again by itself; nothing can be done with it.
        The appliance notices by itself what is plugged in.
      </p>
    </Page>
  );
}

function facts(shown: OnSite): ReadonlyArray<readonly [string, ReactNode]> {
  const { vms_off_since: off, vms_back_at: back, ended_at, heard_at, expires_at } = shown;
  const may = formatDuration(shown.downtime_seconds);
  return [
    ["Backup drive", driveWords(shown)],
    ["Recovery stick", stickWords(shown)],
    [
      "VMs off",
      off ? (
        <span key="off">
          for <Elapsed from={off} to={back} />
          {!back && ` so far; at most ${may} before the permit`}
        </span>
      ) : (
        `not now; at most ${may} before the permit`
      ),
    ],
    ended_at
      ? ["Ended", <Time key="ended" at={ended_at} full />]
      : ["Last heard of", <Time key="heard" at={heard_at} full />],
    ["Link good until", <Time key="expires" at={expires_at} full />],
  ];
}
