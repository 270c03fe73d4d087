// Which mark the keyboard goes to next. Pure.

export interface Placed {
  readonly id: string;
  readonly lane: string;
  readonly from: number;
}

/** The mark that a key leads to from `current`; nothing where the key means nothing, or leads nowhere. */
export function nextMark<T extends Placed>(
  lanes: readonly string[],
  marks: readonly T[],
  current: T | undefined,
  key: string,
): T | undefined {
  const at = current ? marks.indexOf(current) : -1;
  switch (key) {
    case "ArrowRight":
      return marks[at + 1];
    case "ArrowLeft":
      return at < 0 ? marks.at(-1) : marks[at - 1];
    case "Home":
      return marks[0];
    case "End":
      return marks.at(-1);
    case "ArrowDown":
    case "ArrowUp": {
      if (!current) return marks.at(-1);
      const order = key === "ArrowDown" ? lanes : lanes.toReversed();
      const others = order.slice(order.indexOf(current.lane) + 1);
      const lane = others.find((lane) => marks.some((mark) => mark.lane === lane));
      return nearest(
        marks.filter((mark) => mark.lane === lane),
        current.from,
      );
    }
    default:
      return undefined;
  }
}

function nearest<T extends Placed>(marks: readonly T[], at: number): T | undefined {
  let found: T | undefined;
  for (const mark of marks) {
    if (!found || Math.abs(mark.from - at) < Math.abs(found.from - at)) found = mark;
  }
  return found;
}
