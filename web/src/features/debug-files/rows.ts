// The text of a file as rows of a list, all of one height.

export interface TextRow {
  /** The line that it is, or is a part of. */
  readonly line: number;
  /** Whether it goes on with the line of the row before. */
  readonly isContinued: boolean;
  readonly text: string;
}

/** A longer line becomes several rows. */
const LONGEST = 1_000;

/** Where a text begins: at a new line of that number, or within it. */
export interface Place {
  readonly line: number;
  readonly isWithin: boolean;
}

/** The rows of a part of a file, and where the part behind it begins. */
export function rowsOf(text: string, from: Place): { rows: TextRow[]; end: Place } {
  const rows: TextRow[] = [];
  const lines = text.split("\n");
  // What is behind the last line feed is another line only if something is there.
  const tail = lines.at(-1) === "" ? lines.pop() : undefined;
  let { line, isWithin } = from;
  for (const whole of lines) {
    for (const piece of piecesOf(shown(whole))) {
      rows.push({ line, isContinued: isWithin, text: piece });
      isWithin = true;
    }
    line += 1;
    isWithin = false;
  }
  if (tail === undefined) return { rows, end: { line: line - 1, isWithin: true } };
  return { rows, end: { line, isWithin: lines.length === 0 && isWithin } };
}

function piecesOf(line: string): string[] {
  if (line.length <= LONGEST) return [line];
  const pieces: string[] = [];
  for (let at = 0; at < line.length; at += LONGEST) pieces.push(line.slice(at, at + LONGEST));
  return pieces;
}

/** What would draw nothing, or draw over something else, is made visible. */
function shown(line: string): string {
  return line.replace(/\r$/, "").replaceAll(/(?!\t)[\p{Cc}\p{Bidi_Control}]/gu, "\u00b7");
}
