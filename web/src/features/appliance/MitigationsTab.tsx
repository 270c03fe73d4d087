import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import {
  applianceMitigations,
  MITIGATIONS,
  mitigationEffects,
  mitigationOperations,
  mitigationTitle,
} from "../../api/mitigations";
import { requestOperation } from "../../api/queries";
import type { MitigationEffect, MitigationStanding, Operation } from "../../api/types";
import { ask, useActiveOn } from "../../live/operations";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { operationTitle } from "../../ui/format";
import { Changes, Sentences } from "../../ui/MitigationFacts";
import { Card, Facts } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { MitigationBadge } from "../../ui/states";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { BeforeAndAfter } from "./BeforeAndAfter";
import { heldReason } from "./locks";
import { lastAnswer, reasonsOf } from "./mitigations";
import { useAppliance, useAskReason } from "./useAppliance";
import { Working } from "./Working";

const MitigationForm = lazy(() => import("./MitigationForm"));

interface Opened {
  readonly which: MitigationStanding["which"];
  readonly kind: "mitigation_apply" | "mitigation_revert";
}

/** How the mitigations of an appliance stand, and what can be done about them. */
export function MitigationsTab() {
  const appliance = useAppliance();
  const { data, error, refetch } = useQuery(applianceMitigations(appliance.id));
  const asked = useQuery(mitigationOperations(appliance.id));
  const effects = useQuery(mitigationEffects(appliance.id));
  const active = useActiveOn(appliance.id);
  const looking = useAskReason(appliance, "nothing");
  const changing = useAskReason(appliance) ?? heldReason("os", active);
  const [opened, setOpened] = useState<Opened | null>(null);
  const working = active.filter(({ kind }) => kind.startsWith("mitigation_"));
  if (error && !data) {
    return (
      <ProblemNote
        problem={error}
        action={<Button onClick={() => void refetch()}>Try again</Button>}
      />
    );
  }
  if (!data) return <Loading what="mitigations" />;
  const check = (
    <Button
      disabledReason={looking}
      onClick={() =>
        void ask(requestOperation(appliance.id, { kind: "mitigation_check" }), appliance.name)
      }
    >
      Check all
    </Button>
  );
  return (
    <>
      <div className="spread">
        <p className="muted">
          What makes freezes of 1.x appliances rarer: in the files, and in the kernel that runs.{" "}
          {data.at && (
            <>
              As told <Time at={data.at} />.
            </>
          )}
        </p>
        {check}
      </div>
      {working.map((operation) => (
        <Working key={operation.id} seen={operation} />
      ))}
      {data.mitigations.length === 0 && (
        <Card title="Mitigations">
          <EmptyState title="The appliance has told of none yet">
            <p>It does when it connects, and after each boot. An old agent knows none.</p>
          </EmptyState>
        </Card>
      )}
      {data.mitigations.map((standing) => (
        <MitigationCard
          key={standing.which}
          standing={standing}
          effect={effects.data?.effects.find(({ which }) => which === standing.which)}
          operations={asked.data?.operations ?? []}
          looking={looking}
          onOpen={(kind) => setOpened({ which: standing.which, kind })}
        />
      ))}
      {opened && (
        <Suspense>
          <MitigationForm
            appliance={appliance}
            which={opened.which}
            kind={opened.kind}
            changing={changing}
            onClose={() => setOpened(null)}
          />
        </Suspense>
      )}
    </>
  );
}

interface MitigationCardProps {
  standing: MitigationStanding;
  /** Nothing where it was never in force while the appliance was watched. */
  effect: MitigationEffect | undefined;
  operations: readonly Operation[];
  /** Why it cannot even be asked what would change. */
  looking: string | null;
  onOpen: (kind: Opened["kind"]) => void;
}

function MitigationCard(props: MitigationCardProps) {
  const { standing, effect, operations, looking, onOpen } = props;
  const { which, status, ours, reasons = [], runtime = [] } = standing;
  const title = mitigationTitle(which);
  const why = reasonsOf(standing);
  const last = lastAnswer(operations, which);
  return (
    <Card
      title={title}
      aside={
        <>
          <Button
            small
            aria-label={`Apply ${title}`}
            disabledReason={looking ?? why.apply}
            onClick={() => onOpen("mitigation_apply")}
          >
            Apply…
          </Button>
          <Button
            small
            aria-label={`Revert ${title}`}
            disabledReason={looking ?? why.revert}
            onClick={() => onOpen("mitigation_revert")}
          >
            Revert…
          </Button>
        </>
      }
    >
      <div className={styles.standing}>
        <div className="line">
          <MitigationBadge state={status} />
          <span className="muted">{ours ? "applied from here" : "not applied from here"}</span>
        </div>
        <p>{MITIGATIONS[which]?.effect}</p>
        <Sentences sentences={reasons} />
      </div>
      {runtime.length > 0 && (
        <Facts
          rows={runtime.map(({ name, value }) => [name, <code key={name}>{value}</code>] as const)}
        />
      )}
      {effect && <BeforeAndAfter effect={effect} />}
      {last && (
        <details className={styles.asTable} key={last.operation.id} open={last.given.dryRun}>
          <summary>
            {operationTitle(last.operation.kind)}
            {last.given.dryRun && last.operation.kind !== "mitigation_check"
              ? ", tried out"
              : ""}, <Time at={last.operation.created_at} />
          </summary>
          <div className={styles.standing}>
            <Changes answer={last.answer} dryRun={last.given.dryRun} />
            <Link to="/operations/$id" params={{ id: last.operation.id }}>
              Show operation
            </Link>
          </div>
        </details>
      )}
    </Card>
  );
}
