// How series are told apart: by a colour, and by dashes for whoever cannot tell the colours.

export interface Look {
  readonly ink: string;
  readonly dash: string | undefined;
}

const DASHES = [undefined, "7 3", "2 3", "10 3 2 3", "4 2", "12 4", "1 3", "8 2 2 2 2 2"];

/** As many as can be told apart in one picture. */
export const MOST_SERIES = DASHES.length;

export function look(index: number): Look {
  const at = index % MOST_SERIES;
  return { ink: `var(--series-${"abcdefgh"[at]})`, dash: DASHES[at] };
}

/** A text that has room for so many letters. */
export function clip(text: string, letters: number): string {
  return text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1)).trimEnd()}…`;
}
