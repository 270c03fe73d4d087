import type { Operation } from "../api/types";
import { operationTitle } from "./format";
import { isOver } from "./states";

/** Says how far an operation is, a tenth at a time, for those who do not see its bar grow. */
export function SpokenProgress({ operation: { kind, state, progress } }: { operation: Operation }) {
  const share = progress?.total_bytes ? progress.done_bytes / progress.total_bytes : null;
  const tenths = share === null || isOver(state) ? "" : `, ${Math.floor(share * 10) * 10} %`;
  return (
    <span role="status" className="hidden">
      {`${operationTitle(kind)}: ${state.replaceAll("_", " ")}${tenths}`}
    </span>
  );
}
