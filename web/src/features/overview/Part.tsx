import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Button } from "../../ui/Button";
import { Loading } from "../../ui/EmptyState";
import { ProblemNote } from "../../ui/ProblemNote";

interface PartProps<T> {
  found: UseQueryResult<T>;
  /** What is being loaded. */
  what: string;
  children: (data: T) => ReactNode;
}

/** What was fetched for a part of the page. One that fails leaves the others alone. */
export function Part<T>({ found: { data, error, refetch }, what, children }: PartProps<T>) {
  if (data !== undefined) return children(data);
  if (!error) return <Loading what={what} />;
  return (
    <ProblemNote
      problem={error}
      action={<Button onClick={() => void refetch()}>Try again</Button>}
    />
  );
}
