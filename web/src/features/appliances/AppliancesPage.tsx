import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";

import { answered, api } from "../../api/client";
import { heldTo, parseFilter, printFilter, withHeld, type Term } from "../../api/filter";
import { presenceCounts } from "../../api/queries";
import type { Appliance } from "../../api/types";
import { appliances } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { copy } from "../../ui/CopyId";
import { DataGrid } from "../../ui/DataGrid/DataGrid";
import { parseSort, printSort } from "../../ui/DataGrid/column";
import { MovedNote } from "../../ui/DataGrid/MovedNote";
import { useSelection, type Selection } from "../../ui/DataGrid/selection";
import { useBlocks } from "../../ui/DataGrid/useBlocks";
import { useMoved } from "../../ui/DataGrid/useMoved";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { FilterBar } from "../../ui/FilterBar/FilterBar";
import { count } from "../../ui/format";
import { Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Segments } from "../../ui/Segments";
import styles from "./AppliancesPage.module.css";
import type { Target } from "./bulk";
import { COLUMNS } from "./columns";
import { comparing, matches } from "./matching";

const BulkDialog = lazy(() => import("./BulkDialog"));

const route = getRouteApi("/appliances");

export function AppliancesPage() {
  const { q = "", sort: sortText = "name" } = route.useSearch();
  const navigate = route.useNavigate();
  const terms = useMemo(() => parseFilter(q), [q]);
  const sort = useMemo(() => parseSort(sortText), [sortText]);
  const selection = useSelection();
  const [target, setTarget] = useState<Target | null>(null);
  const open = (id: string) => void navigate({ to: "/appliances/$id", params: { id } });

  const blocks = useBlocks(
    ["appliances", q, sortText],
    appliances,
    async (offset, limit, signal) => {
      const query = { offset, limit, sort: sortText, ...(q ? { q } : {}) };
      const page = await answered(api.GET("/api/v1/appliances", { params: { query }, signal }));
      return { rows: page.appliances, total: page.total };
    },
  );
  const moved = useMoved<Appliance>(appliances, blocks.fetchedAt, {
    ids: blocks.loaded,
    whole: blocks.loaded.length >= blocks.total,
    get: (id) => appliances.get(id),
    matches: (row) => matches(terms, row, Date.now()),
    compare: comparing(sort),
  });

  const setTerms = (next: readonly Term[]) => {
    const q = printFilter(next) || undefined;
    void navigate({ to: ".", search: (old) => ({ ...old, q }), replace: true });
  };
  return (
    <Page
      title="Appliances"
      fill
      aside={<Presences terms={terms} onChange={setTerms} />}
      lead={<OfflineTitle />}
    >
      <FilterBar q={q} terms={terms} onChange={setTerms} />
      <div className={styles.status}>
        <span role="status" className="muted number">
          {blocks.pending || blocks.error ? "" : summary(blocks.total, terms)}
        </span>
        <MovedNote moved={blocks.error ? 0 : moved} onRefresh={blocks.refresh} />
        {selection.size === 0 && blocks.total > 0 && !blocks.error && (
          <ActButton
            word={`Act on all ${blocks.total.toLocaleString("en-GB")}…`}
            onClick={() => setTarget({ filter: q, total: blocks.total })}
          />
        )}
        <SelectionBar selection={selection} onAct={() => setTarget({ ids: selection.ids })} />
      </div>
      {blocks.error ? (
        <ProblemNote
          problem={blocks.error}
          action={
            <div className="line">
              <Button onClick={blocks.refresh}>Try again</Button>
              {terms.length > 0 && <Button onClick={() => setTerms([])}>Clear the filter</Button>}
            </div>
          }
        />
      ) : blocks.pending ? (
        <Loading what="appliances" />
      ) : blocks.total === 0 ? (
        <Nothing terms={terms} onChange={setTerms} />
      ) : (
        <DataGrid
          label="Appliances"
          listKey={`${q}\n${sortText}`}
          columns={COLUMNS}
          store={appliances}
          total={blocks.total}
          idAt={blocks.idAt}
          onRange={blocks.onRange}
          sort={sort}
          onSort={(next) =>
            void navigate({
              to: ".",
              search: (old) => ({ ...old, sort: printSort(next) }),
              replace: true,
            })
          }
          onOpen={open}
          selection={selection}
          old={blocks.old}
        />
      )}
      {target && (
        <Suspense>
          <BulkDialog target={target} onClose={() => setTarget(null)} />
        </Suspense>
      )}
    </Page>
  );
}

function summary(total: number, terms: readonly Term[]): string {
  const appliances = count(total, "appliance");
  if (terms.length === 0) return appliances;
  return total === 1 ? `${appliances} matches` : `${appliances} match`;
}

const PRESENCES = [
  ["all", null, "All"],
  ["online", "online", "Online"],
  ["stale", "stale", "Stale"],
  ["offline", "offline,expected_offline", "Offline"],
] as const;

interface FilterProps {
  terms: readonly Term[];
  onChange: (terms: readonly Term[]) => void;
}

/** The filter that is wanted most often, with how many there are of each. */
function Presences({ terms, onChange }: FilterProps) {
  const { data } = useQuery(presenceCounts());
  return (
    <Segments<string | null>
      label="Presence"
      value={heldTo(terms, "presence")}
      segments={PRESENCES.map(([key, value, word]) => ({ value, word, count: data?.[key] }))}
      onChange={(value) => onChange(withHeld(terms, "presence", value))}
    />
  );
}

/** What is wrong can be read in the tab's title too. */
function OfflineTitle() {
  const { data } = useQuery(presenceCounts());
  if (!data?.offline) return null;
  return <title>{`(${data.offline} offline) Appliances · Domfleet`}</title>;
}

function ActButton({ word, onClick }: { word: string; onClick: () => void }) {
  const reason = useRoleReason("operator");
  return (
    <Button small aria-haspopup="dialog" disabledReason={reason} onClick={onClick}>
      {word}
    </Button>
  );
}

interface SelectionBarProps {
  selection: Selection;
  onAct: () => void;
}

function SelectionBar({ selection, onAct }: SelectionBarProps) {
  if (selection.size === 0) return null;
  return (
    <div className={styles.selection} role="group" aria-label="Selection">
      <strong>{selection.size} selected</strong>
      <ActButton word="Act on them…" onClick={onAct} />
      <Button small look="quiet" onClick={() => void copy(selection.ids.join("\n"), "ids")}>
        Copy ids
      </Button>
      <Button small look="quiet" onClick={selection.clear}>
        Clear
      </Button>
    </div>
  );
}

function Nothing({ terms, onChange }: FilterProps) {
  if (terms.length === 0) {
    return (
      <EmptyState title="No appliance yet">
        <p>Make a join token, then run the command that comes with it in the dom0 of a box.</p>
        <Link to="/enrolment">Go to Enrolment</Link>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No appliance matches">
      <p>All terms of the filter must hold. Take one away:</p>
      <div className="line">
        {terms.map((term, index) => (
          <Button
            key={printFilter([term])}
            small
            onClick={() => onChange(terms.filter((_, at) => at !== index))}
          >
            without {printFilter([term])}
          </Button>
        ))}
        <Button small onClick={() => onChange([])}>
          Clear the filter
        </Button>
      </div>
    </EmptyState>
  );
}
