import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { linksOf, revokeLink } from "../../api/links";
import type { Migration } from "../../api/migrations";
import type { MigrationLink } from "../../api/types";
import { queries } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { tell, tellProblem } from "../../ui/toasts";

const CreateLink = lazy(() => import("./CreateLink"));

/** Who was sent a link to the steps, until when it is good, and whether anybody has opened it. */
export function LinksCard({ migration: { id, ended_at } }: { migration: Migration }) {
  const role = useRoleReason("operator");
  const { data, error, refetch } = useQuery({ ...linksOf(id), enabled: !role });
  const [creating, setCreating] = useState(false);
  const columns: readonly TableColumn<MigrationLink>[] = [
    {
      key: "note",
      title: "For",
      cell: ({ note }) => note || <span className="muted">not said</span>,
    },
    { key: "state", title: "State", cell: (link) => <LinkState link={link} /> },
    { key: "opened", title: "Last opened", cell: ({ last_used_at }) => <Time at={last_used_at} /> },
    {
      key: "expires",
      title: "Good until",
      cell: ({ expires_at }) => <Time at={expires_at} full />,
    },
    { key: "by", title: "Made by", cell: ({ created_by }) => created_by },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (link) =>
        link.is_good && (
          <Button
            small
            aria-label={`Take back the link for ${link.note || "whom was not said"}`}
            disabledReason={role}
            onClick={() => void takeBack(id, link)}
          >
            Take back
          </Button>
        ),
    },
  ];
  return (
    <Card
      title="Links for the person on site"
      aside={
        <Button
          small
          disabledReason={role ?? (ended_at ? "It is over." : null)}
          onClick={() => setCreating(true)}
        >
          Create a link
        </Button>
      }
    >
      {role ? (
        <EmptyState title="Not for you to see">
          <p>{role}</p>
        </EmptyState>
      ) : error && !data ? (
        <ProblemNote
          problem={error}
          action={<Button onClick={() => void refetch()}>Try again</Button>}
        />
      ) : !data ? (
        <Loading what="links" />
      ) : data.length === 0 ? (
        <EmptyState title="Nobody was sent one">
          <p>A link shows the steps of this migration without a log-in, and nothing else.</p>
        </EmptyState>
      ) : (
        <Table
          label="Links for the person on site"
          columns={columns}
          rows={data}
          rowKey={(link) => link.id}
        />
      )}
      <Suspense>{creating && <CreateLink id={id} onClose={() => setCreating(false)} />}</Suspense>
    </Card>
  );
}

function LinkState({ link: { is_good, revoked_at } }: { link: MigrationLink }) {
  return (
    <Badge tone={is_good ? "good" : "quiet"} shape={is_good ? "disc" : "square"} bare>
      {is_good ? "Good" : revoked_at ? "Taken back" : "Over"}
    </Badge>
  );
}

async function takeBack(id: string, link: MigrationLink): Promise<void> {
  try {
    await revokeLink(id, link);
    await queries.invalidateQueries({ queryKey: linksOf(id).queryKey });
    tell("Took the link back; it opens nothing any more");
  } catch (error) {
    tellProblem(error);
  }
}
