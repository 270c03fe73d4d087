import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { allSignatures, removeSignature } from "../../api/signatures";
import type { Signature } from "../../api/types";
import { queries } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { ConfirmByTyping } from "../../ui/ConfirmByTyping";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { NameField } from "../../ui/Field";
import filters from "../../ui/Filters.module.css";
import { asSentence, count } from "../../ui/format";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { SeverityBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { tell } from "../../ui/toasts";
import { sorted } from "./signatures";
import styles from "./Signatures.module.css";

const AddSignature = lazy(() => import("./AddSignature"));

/** What is looked for in debug files. */
export function SignaturesPage() {
  const { data, error, refetch } = useQuery(allSignatures());
  const role = useRoleReason("operator");
  const [typed, setTyped] = useState("");
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Signature | null>(null);
  const word = typed.trim().toLowerCase();
  const rows = sorted(data?.signatures ?? []).filter(({ id, meaning }) => {
    return `${id} ${meaning}`.toLowerCase().includes(word);
  });
  return (
    <Page
      title="Signatures"
      lead="Signs of known faults that are looked for in debug files."
      aside={
        <>
          <Link to="/signatures/findings">Findings</Link>
          <Button look="primary" disabledReason={role} onClick={() => setAdding(true)}>
            Add a signature
          </Button>
        </>
      }
    >
      <div className={filters.filters}>
        <NameField
          label="Find"
          data-search
          placeholder="Part of its id or meaning"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <span role="status" className="muted">
          {data ? count(rows.length, "signature") : ""}
        </span>
      </div>
      {error && !data ? (
        <ProblemNote
          problem={error}
          action={<Button onClick={() => void refetch()}>Try again</Button>}
        />
      ) : !data ? (
        <Loading what="signatures" />
      ) : rows.length === 0 ? (
        <EmptyState title="There is no such signature">
          <Button small onClick={() => setTyped("")}>
            Show all
          </Button>
        </EmptyState>
      ) : (
        <Card title="Looked for">
          <Table
            label="Signatures"
            columns={columns(role, setRemoving)}
            rows={rows}
            rowKey={({ id, own }) => own?.id ?? id}
          />
        </Card>
      )}
      {isAdding && (
        <Suspense>
          <AddSignature onClose={() => setAdding(false)} />
        </Suspense>
      )}
      {removing && (
        <ConfirmByTyping
          title="Remove the signature"
          effect={
            <p>
              <code>{removing.id}</code> is not looked for any more, and what was found of it goes
              when the bundles are searched anew.
            </p>
          }
          phrase={removing.id}
          action="Remove"
          onClose={() => setRemoving(null)}
          onConfirm={async () => {
            await removeSignature(removing.own?.id ?? "");
            await queries.invalidateQueries({ queryKey: ["signatures"] });
            tell(`Removed ${removing.id}`);
          }}
        />
      )}
    </Page>
  );
}

function columns(
  role: string | null,
  onRemove: (signature: Signature) => void,
): readonly TableColumn<Signature>[] {
  return [
    {
      key: "severity",
      title: "Severity",
      cell: ({ severity }) => <SeverityBadge state={severity} bare />,
    },
    {
      key: "what",
      title: "What",
      cell: (signature) => <What signature={signature} />,
    },
    {
      key: "own",
      title: "From",
      cell: ({ own }) => own?.organisation.name ?? <span className="muted">Domfleet</span>,
    },
    {
      key: "found",
      title: "Found",
      cell: ({ id, bundles, appliances }) =>
        bundles === 0 ? (
          <span className="muted">never</span>
        ) : (
          <Link to="/signatures/findings" search={{ signature: id }}>
            in {count(bundles, "bundle")} of {count(appliances, "appliance")}
          </Link>
        ),
    },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (signature) =>
        signature.own && (
          <Button
            small
            look="danger"
            aria-label={`Remove ${signature.id}`}
            disabledReason={role}
            onClick={() => onRemove(signature)}
          >
            Remove
          </Button>
        ),
    },
  ];
}

function What({ signature }: { signature: Signature }) {
  const { id, meaning, advice, patterns, variants = [], except = [] } = signature;
  return (
    <div className={styles.what}>
      <code>{id}</code>
      <p>
        {asSentence(meaning)} {advice && <span className="muted">{advice}</span>}
      </p>
      <details>
        <summary>Patterns</summary>
        <ul className={styles.patterns}>
          {[...variants.flatMap((variant) => variant.patterns), ...patterns].map((pattern) => (
            <li key={pattern}>
              <code>{pattern}</code>
            </li>
          ))}
          {except.map((pattern) => (
            <li key={pattern}>
              but not <code>{pattern}</code>
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}
