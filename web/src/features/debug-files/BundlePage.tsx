import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { bundleDetail, bundleFiles, downloadBundle, releaseBundle } from "../../api/bundles";
import type { Bundle } from "../../api/types";
import { queries } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { bundleSize, bundleTitle, DeleteBundle, triggerWord } from "../../ui/BundleFacts";
import { Button } from "../../ui/Button";
import { CopyId } from "../../ui/CopyId";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { DownloadIcon } from "../../ui/icons";
import { Card, Facts, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Bar } from "../../ui/ProgressBar";
import { BundleStateBadge } from "../../ui/states";
import { Time } from "../../ui/Time";
import { tell, tellProblem } from "../../ui/toasts";
import styles from "./DebugFiles.module.css";
import { FilesCard } from "./FilesCard";
import { FindingsCard } from "./FindingsCard";
import { ManifestCard } from "./ManifestCard";
import { SearchCard } from "./SearchCard";

const HoldBundle = lazy(() => import("./HoldBundle"));

const route = getRouteApi("/debug-files/$id");

/** A debug bundle, and what is in it. */
export function BundlePage() {
  const { id } = route.useParams();
  const { data, error, refetch } = useQuery(bundleDetail(id));
  if (data) return <Shown bundle={data} />;
  if (!error) return <Loading what="the bundle" />;
  return (
    <Page title="Debug bundle">
      <ProblemNote
        problem={error}
        action={
          <div className="line">
            <Button onClick={() => void refetch()}>Try again</Button>
            <Link to="/debug-files">All debug files</Link>
          </div>
        }
      />
    </Page>
  );
}

function Shown({ bundle }: { bundle: Bundle }) {
  const { appliance, state } = bundle;
  return (
    <Page
      title={bundleTitle(bundle)}
      lead={
        <span className="line">
          <BundleStateBadge state={state} />
          <span>
            of{" "}
            <Link to="/appliances/$id/debug" params={{ id: appliance.id }}>
              {appliance.name}
            </Link>
            , <Time at={bundle.created_at} />
          </span>
        </span>
      }
      aside={<Actions bundle={bundle} />}
    >
      {["complete", "expired"].includes(state) && <FindingsCard bundle={bundle} />}
      {state === "complete" ? <Inside bundle={bundle} /> : <NothingInside bundle={bundle} />}
    </Page>
  );
}

function Inside({ bundle }: { bundle: Bundle }) {
  const { data, error, refetch } = useQuery(bundleFiles(bundle.id));
  return (
    <>
      <SearchCard bundle={bundle} />
      {data ? (
        <FilesCard bundle={bundle} contents={data} />
      ) : error ? (
        <ProblemNote
          problem={error}
          action={<Button onClick={() => void refetch()}>Try again</Button>}
        />
      ) : (
        <Loading what="what is in it" />
      )}
      <div className={styles.columns}>
        <About bundle={bundle} />
        <ManifestCard manifest={bundle.manifest} contents={data} />
      </div>
    </>
  );
}

const WHY_NOT: Readonly<Record<string, string>> = {
  requested: "The appliance has yet to hear of it.",
  collecting: "The appliance is collecting it.",
  uploading: "It is on its way here.",
  received: "All of it is here; the store has yet to take it.",
  failed: "It did not come. Its operation says why.",
  expired: "Its bytes are gone, because its time was over or somebody deleted it.",
};

function NothingInside({ bundle }: { bundle: Bundle }) {
  const { state, size_bytes, received_bytes } = bundle;
  return (
    <>
      <Card title="What is in it">
        <EmptyState title="Nothing to look into">
          <p>{WHY_NOT[state] ?? `It is ${state}.`}</p>
          {state === "uploading" && size_bytes ? (
            <Bar share={received_bytes / size_bytes} label="Received" />
          ) : null}
        </EmptyState>
      </Card>
      <About bundle={bundle} />
    </>
  );
}

function About({ bundle }: { bundle: Bundle }) {
  const { hold, operation_id } = bundle;
  return (
    <Card title="About it">
      <Facts
        rows={[
          ["Why", triggerWord(bundle.trigger)],
          ["Note", bundle.note === "" ? "none" : bundle.note],
          ["Size", bundle.size_bytes ? bundleSize(bundle) : null],
          ["Complete", <Time key="complete" at={bundle.completed_at} full />],
          [
            "Kept",
            hold ? (
              <span key="held">
                held by {hold.by} since <Time at={hold.since} full />: {hold.note}
              </span>
            ) : bundle.state === "expired" ? (
              "no more"
            ) : (
              <span key="until">
                until <Time at={bundle.keep_until} full />
              </span>
            ),
          ],
          ["Id", <CopyId key="id" id={bundle.id} what="bundle id" />],
          ...(bundle.blake3
            ? [
                [
                  "BLAKE3",
                  <CopyId key="hash" id={bundle.blake3} what="hash" letters={16} />,
                ] as const,
              ]
            : []),
          ...(operation_id
            ? [
                [
                  "Operation",
                  <Link key="operation" to="/operations/$id" params={{ id: operation_id }}>
                    Show operation
                  </Link>,
                ] as const,
              ]
            : []),
        ]}
      />
    </Card>
  );
}

function Actions({ bundle }: { bundle: Bundle }) {
  const role = useRoleReason("operator");
  const [isHolding, setHolding] = useState(false);
  const gone = bundle.state === "complete" ? null : "It is not complete.";
  const expired = bundle.state === "expired" ? "Its bytes are gone." : null;
  return (
    <>
      <Button disabledReason={gone} onClick={() => void downloadBundle(bundle.id)}>
        <DownloadIcon /> Download
      </Button>
      {bundle.hold ? (
        <Button disabledReason={role} onClick={() => void release(bundle)}>
          Release
        </Button>
      ) : (
        <Button disabledReason={role ?? expired} onClick={() => setHolding(true)}>
          Hold
        </Button>
      )}
      <DeleteBundle bundle={bundle} />
      {isHolding && (
        <Suspense>
          <HoldBundle bundle={bundle} onClose={() => setHolding(false)} />
        </Suspense>
      )}
    </>
  );
}

async function release(bundle: Bundle): Promise<void> {
  try {
    queries.setQueryData(bundleDetail(bundle.id).queryKey, await releaseBundle(bundle.id));
    await queries.invalidateQueries({ queryKey: ["bundles"] });
    tell("Released the bundle: it goes when its time comes");
  } catch (error) {
    tellProblem(error);
  }
}
