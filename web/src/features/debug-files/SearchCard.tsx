import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import { bundleSearch } from "../../api/bundles";
import type { Bundle, BundleSearch } from "../../api/types";
import { LinePlace } from "../../ui/BundleFacts";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { NameField } from "../../ui/Field";
import { count, formatBytes } from "../../ui/format";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Table } from "../../ui/Table";
import styles from "./DebugFiles.module.css";

const route = getRouteApi("/debug-files/$id");

/** Looks for a text in all files of a bundle. */
export function SearchCard({ bundle }: { bundle: Bundle }) {
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(q);
  const { data, error, isFetching } = useQuery(bundleSearch(bundle.id, q));
  const look = (text: string) =>
    void navigate({ to: ".", search: (old) => ({ ...old, q: text || undefined }), replace: true });
  return (
    <Card
      title="Search"
      aside={
        <span className="muted" role="status">
          {data ? summaryOf(data) : ""}
        </span>
      }
    >
      <form
        className={styles.search}
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          look(typed.trim());
        }}
      >
        <NameField
          label="Text in any file"
          hint="Capital letters do not matter."
          data-search
          maxLength={200}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" look="primary" busy={q !== "" && isFetching}>
          Search
        </Button>
        {q !== "" && (
          <Button
            onClick={() => {
              setTyped("");
              look("");
            }}
          >
            Clear
          </Button>
        )}
      </form>
      {q === "" ? null : error ? (
        <ProblemNote problem={error} />
      ) : !data ? (
        <Loading what="what is found" />
      ) : (
        <Hits bundle={bundle.id} found={data} />
      )}
    </Card>
  );
}

function Hits({ bundle, found }: { bundle: string; found: BundleSearch }) {
  return (
    <>
      {found.troubles.map((trouble) => (
        <p key={trouble} className={styles.trouble}>
          {trouble}
        </p>
      ))}
      {found.hits.length === 0 ? (
        <EmptyState title="It is in no line" />
      ) : (
        <Table
          label="Lines found"
          rows={found.hits}
          rowKey={({ file, line }) => `${line} ${file}`}
          columns={[
            {
              key: "where",
              title: "Where",
              cell: ({ file, line }) => <LinePlace bundle={bundle} file={file} line={line} />,
            },
            { key: "line", title: "Line", cell: ({ text }) => <code>{text}</code> },
          ]}
        />
      )}
    </>
  );
}

function summaryOf({ hits, more, searched_bytes }: BundleSearch): string {
  const lines = more ? `the first ${hits.length} lines` : count(hits.length, "line");
  return `${lines}, in ${formatBytes(searched_bytes)}`;
}
