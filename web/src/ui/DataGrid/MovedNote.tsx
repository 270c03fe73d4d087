import { Button } from "../Button";
import { count } from "../format";

/** Offers to fetch a list again after changes that would move its rows. */
export function MovedNote({ moved, onRefresh }: { moved: number; onRefresh: () => void }) {
  if (moved === 0) return null;
  return (
    <Button small data-refresh aria-keyshortcuts="r" onClick={onRefresh}>
      {count(moved, "change")} · Refresh
    </Button>
  );
}
