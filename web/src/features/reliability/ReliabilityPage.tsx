import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";

import { parseFilter, printFilter, type Term } from "../../api/filter";
import { NORMAL_ALPHA, reliability } from "../../api/reliability";
import type { Reliability } from "../../api/types";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { SelectField } from "../../ui/Field";
import { FilterBar } from "../../ui/FilterBar/FilterBar";
import { count } from "../../ui/format";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { formatDays } from "../../ui/statistics";
import { Time } from "../../ui/Time";
import { ByVersion } from "./ByVersion";
import { CompareCard } from "./CompareCard";
import { ComponentCard } from "./ComponentCard";
import { ImportsCard } from "./ImportsCard";
import { JointModel } from "./JointModel";
import { pickAlpha, pickComponent, pickPair } from "./pick";
import styles from "./Reliability.module.css";
import { VerdictCard } from "./VerdictCard";

const route = getRouteApi("/reliability");

const ALPHAS = [0.05, NORMAL_ALPHA, 0.001, 0.0001];

/** Which component makes appliances freeze, as far as that can be said. */
export function ReliabilityPage() {
  const { q = "", alpha: alphaText } = route.useSearch();
  const navigate = route.useNavigate();
  const alpha = pickAlpha(alphaText);
  const terms = useMemo(() => parseFilter(q), [q]);
  const found = useQuery({ ...reliability(q, alpha), placeholderData: keepPreviousData });
  const change = (search: { q?: string | undefined; alpha?: string | undefined }) =>
    void navigate({ to: ".", search: (old) => ({ ...old, ...search }), replace: true });
  const setTerms = (next: readonly Term[]) => change({ q: printFilter(next) || undefined });
  const clear = terms.length > 0 && <Button onClick={() => setTerms([])}>Clear the filter</Button>;
  return (
    <Page
      title="Reliability"
      lead="What goes together with freezes, and how sure that is. Deaths are panics, hangs and bites of the watchdog."
    >
      <FilterBar q={q} terms={terms} onChange={setTerms} />
      <div className={styles.asked}>
        <SelectField
          label="Named where p is below"
          value={String(alpha)}
          onChange={({ target: { value } }) =>
            change({ alpha: value === String(NORMAL_ALPHA) ? undefined : value })
          }
        >
          {[...new Set([...ALPHAS, alpha])].map((value) => (
            <option key={value} value={String(value)}>
              {value}
            </option>
          ))}
        </SelectField>
        <p role="status" className="muted">
          {found.isPlaceholderData
            ? "Working it out…"
            : found.data && <Watched found={found.data} />}
        </p>
      </div>
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={
            <div className="line">
              <Button onClick={() => void found.refetch()}>Try again</Button>
              {clear}
            </div>
          }
        />
      ) : !found.data ? (
        <Loading what="what was watched" />
      ) : found.data.diagnosis.intervals === 0 ? (
        <Card title="What can be said">
          <EmptyState title={clear ? "Nothing was watched of these" : "Nothing was watched yet"}>
            <p>
              Appliances tell how each of their boots ended. Uptimes of before can be imported from
              a table.
            </p>
            {clear}
          </EmptyState>
        </Card>
      ) : (
        <Found found={found.data} alpha={alpha} q={q} />
      )}
      <ImportsCard />
    </Page>
  );
}

function Watched({ found: { diagnosis, imported, as_of } }: { found: Reliability }) {
  const { appliances, boots, appliance_days, deaths, unknown } = diagnosis;
  return (
    <>
      {count(appliances, "appliance")}, {count(boots, "boot")}, {formatDays(appliance_days)}{" "}
      appliance-days: {count(deaths, "death")}, {count(unknown, "unknown end")}
      {imported > 0 && `; ${count(imported, "interval")} from tables`}. As of <Time at={as_of} />.
    </>
  );
}

interface FoundProps {
  found: Reliability;
  alpha: number;
  q: string;
}

function Found({ found, alpha, q }: FoundProps) {
  const { component, a, b } = route.useSearch();
  const navigate = route.useNavigate();
  const { diagnosis } = found;
  const chosen = pickComponent(diagnosis, component);
  const pair = chosen && pickPair(chosen.values, { a, b });
  const versions = diagnosis.components.find((report) => report.component === "hypervisor");
  return (
    <>
      <VerdictCard found={found} alpha={alpha} />
      {versions && <ByVersion report={versions} />}
      {chosen && (
        <ComponentCard
          components={diagnosis.components}
          chosen={chosen}
          onChoose={(component) =>
            void navigate({
              to: ".",
              search: (old) => ({ ...old, component, a: undefined, b: undefined }),
              replace: true,
            })
          }
        />
      )}
      {chosen && pair && (
        <CompareCard
          report={chosen}
          pair={pair}
          q={q}
          onChange={(pair) =>
            void navigate({
              to: ".",
              search: (old) => ({ ...old, component: chosen.component, ...pair }),
              replace: true,
            })
          }
        />
      )}
      {diagnosis.model && diagnosis.model.tests.length > 0 && (
        <JointModel model={diagnosis.model} />
      )}
    </>
  );
}
