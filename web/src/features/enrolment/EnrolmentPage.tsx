import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { answered, api } from "../../api/client";
import { joinTokens, pendingAppliances } from "../../api/queries";
import type { Appliance, JoinToken } from "../../api/types";
import { appliances, queries } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { useNow } from "../../ui/clock";
import { ConfirmByTyping } from "../../ui/ConfirmByTyping";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { PresenceBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { tell, tellProblem } from "../../ui/toasts";
import styles from "./EnrolmentPage.module.css";

const CreateToken = lazy(() => import("./CreateToken"));

export function EnrolmentPage() {
  const [creating, setCreating] = useState(false);
  const admin = useRoleReason("admin");
  return (
    <Page
      title="Enrolment"
      lead="How appliances come into the fleet: a join token, one command in dom0, and a yes."
      aside={
        <Button look="primary" disabledReason={admin} onClick={() => setCreating(true)}>
          Create join token
        </Button>
      }
    >
      <Pending />
      <Tokens adminReason={admin} />
      {creating && (
        <Suspense>
          <CreateToken onClose={() => setCreating(false)} />
        </Suspense>
      )}
    </Page>
  );
}

function Pending() {
  const { data, error, refetch } = useQuery(pendingAppliances());
  const reason = useRoleReason("operator");
  const [rejecting, setRejecting] = useState<Appliance | null>(null);
  const columns: readonly TableColumn<Appliance>[] = [
    {
      key: "name",
      title: "Name",
      cell: ({ id, name }) => (
        <Link to="/appliances/$id" params={{ id }}>
          {name}
        </Link>
      ),
    },
    {
      key: "presence",
      title: "Presence",
      cell: ({ presence }) => <PresenceBadge state={presence} bare />,
    },
    { key: "organisation", title: "Organisation", cell: ({ organisation }) => organisation.name },
    {
      key: "hypervisor",
      title: "Hypervisor",
      cell: ({ hypervisor_version }) =>
        hypervisor_version ?? <span className="muted">not known</span>,
    },
    { key: "seen", title: "Last seen", cell: ({ last_seen_at }) => <Time at={last_seen_at} /> },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (appliance) => (
        <div className={styles.actions}>
          <Button
            small
            look="primary"
            aria-label={`Accept ${appliance.name}`}
            disabledReason={reason}
            onClick={() => void accept(appliance)}
          >
            Accept
          </Button>
          <Button
            small
            look="danger"
            aria-label={`Reject ${appliance.name}`}
            disabledReason={reason}
            onClick={() => setRejecting(appliance)}
          >
            Reject
          </Button>
        </div>
      ),
    },
  ];
  return (
    <Card title="Waiting to be accepted">
      {error && !data ? (
        <ProblemNote
          problem={error}
          action={<Button onClick={() => void refetch()}>Try again</Button>}
        />
      ) : !data ? (
        <Loading what="pending appliances" />
      ) : data.appliances.length === 0 ? (
        <EmptyState title="Nobody waits">
          <p>
            An appliance that joins with a token that is not pre-authorised waits here until
            somebody accepts it.
          </p>
        </EmptyState>
      ) : (
        <Table
          label="Waiting to be accepted"
          columns={columns}
          rows={data.appliances}
          rowKey={({ id }) => id}
        />
      )}
      {rejecting && (
        <ConfirmByTyping
          title="Reject the appliance"
          effect={
            <p>
              <strong>{rejecting.name}</strong> is not admitted, and its agent is told so. To let it
              in later it must join anew.
            </p>
          }
          phrase={rejecting.name}
          action="Reject"
          onClose={() => setRejecting(null)}
          onConfirm={async () => {
            const params = { path: { id: rejecting.id } };
            decided(await answered(api.POST("/api/v1/appliances/{id}/reject", { params })));
            tell(`Rejected ${rejecting.name}`);
          }}
        />
      )}
    </Card>
  );
}

async function accept(appliance: Appliance): Promise<void> {
  try {
    const params = { path: { id: appliance.id } };
    decided(await answered(api.POST("/api/v1/appliances/{id}/accept", { params })));
    tell(`Accepted ${appliance.name}`);
  } catch (error) {
    tellProblem(error);
  }
}

function decided(appliance: Appliance): void {
  appliances.put([appliance]);
  for (const queryKey of [["pending"], ["appliances"], ["presence-counts"]]) {
    void queries.invalidateQueries({ queryKey });
  }
}

function Tokens({ adminReason }: { adminReason: string | null }) {
  const { data, error, refetch } = useQuery({ ...joinTokens(), enabled: !adminReason });
  const columns: readonly TableColumn<JoinToken>[] = [
    {
      key: "note",
      title: "Note",
      cell: ({ note, id }) => note || <code className="muted">{id.slice(0, 8)}</code>,
    },
    { key: "state", title: "State", cell: (token) => <TokenState token={token} /> },
    {
      key: "for",
      title: "For",
      cell: ({ organisation, site }) => [organisation.name, site?.name].filter(Boolean).join(" · "),
    },
    {
      key: "accepts",
      title: "Joins as",
      cell: ({ preauthorised }) => (preauthorised ? "accepted" : "pending"),
    },
    {
      key: "uses",
      title: "Uses left",
      number: true,
      cell: ({ uses, uses_left }) => `${uses_left} of ${uses}`,
    },
    { key: "expires", title: "Expires", cell: ({ expires_at }) => <Time at={expires_at} /> },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (token) => (
        <div className={styles.actions}>
          {!token.revoked_at && (
            <Button small disabledReason={adminReason} onClick={() => void revoke(token)}>
              Revoke
            </Button>
          )}
        </div>
      ),
    },
  ];
  return (
    <Card title="Join tokens">
      {adminReason ? (
        <EmptyState title="Not for you to see">
          <p>{adminReason}</p>
        </EmptyState>
      ) : error && !data ? (
        <ProblemNote
          problem={error}
          action={<Button onClick={() => void refetch()}>Try again</Button>}
        />
      ) : !data ? (
        <Loading what="join tokens" />
      ) : data.join_tokens.length === 0 ? (
        <EmptyState title="No join token">
          <p>Create one, and run the command that comes with it in the dom0 of each new box.</p>
        </EmptyState>
      ) : (
        <Table
          label="Join tokens"
          columns={columns}
          rows={data.join_tokens}
          rowKey={({ id }) => id}
        />
      )}
    </Card>
  );
}

function TokenState({ token }: { token: JoinToken }) {
  const now = useNow(60_000);
  if (token.revoked_at) return <Word word="Revoked" />;
  if (token.uses_left === 0) return <Word word="Used up" />;
  if (Date.parse(token.expires_at) < now) return <Word word="Expired" />;
  return (
    <Badge tone="good" shape="disc" bare>
      Valid
    </Badge>
  );
}

function Word({ word }: { word: string }) {
  return (
    <Badge tone="quiet" shape="square" bare>
      {word}
    </Badge>
  );
}

async function revoke(token: JoinToken): Promise<void> {
  try {
    const params = { path: { id: token.id } };
    await answered(api.DELETE("/api/v1/join-tokens/{id}", { params }));
    await queries.invalidateQueries({ queryKey: joinTokens().queryKey });
    tell("Revoked the token; appliances that joined with it stay");
  } catch (error) {
    tellProblem(error);
  }
}
