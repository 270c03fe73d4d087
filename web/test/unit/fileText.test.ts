import { expect, test } from "vitest";

import type { FilePart } from "../../src/api/bundles";
import { FileText } from "../../src/features/debug-files/fileText";
import { rowsOf } from "../../src/features/debug-files/rows";

const START = { line: 1, isWithin: false };

/** A file of so many lines, read as the server gives it: parts end with a line where they can. */
function fileOf(lines: number, log: number[] = []) {
  const text = Array.from({ length: lines }, (_, at) => `line ${at + 1} ${"x".repeat(90)}\n`).join(
    "",
  );
  return async (offset: number, limit: number): Promise<FilePart> => {
    log.push(offset);
    const end = offset + limit;
    if (end >= text.length) return { text: text.slice(offset), next: null, trouble: null };
    const next = text.lastIndexOf("\n", end - 1) + 1;
    return { text: text.slice(offset, next), next, trouble: null };
  };
}

/** Waits until what is being read has been read. */
async function read(file: FileText, isRead: () => boolean): Promise<void> {
  while (!isRead()) {
    await new Promise<void>((resolve) => {
      const forget = file.subscribe(() => {
        forget();
        resolve();
      });
    });
  }
}

test("lines are numbered over the parts of a file", () => {
  const first = rowsOf("one\ntwo\n", START);
  const second = rowsOf("three", first.end);

  expect(first.rows.map(({ line, text }) => [line, text])).toEqual([
    [1, "one"],
    [2, "two"],
  ]);
  expect(second.rows).toEqual([{ line: 3, isContinued: false, text: "three" }]);
});

test("a line that goes over two parts keeps its number", () => {
  const first = rowsOf("one\ntw", START);
  const second = rowsOf("o\nthree\n", first.end);

  expect(second.rows.map(({ line, isContinued, text }) => [line, isContinued, text])).toEqual([
    [2, true, "o"],
    [3, false, "three"],
  ]);
  expect(second.end).toEqual({ line: 4, isWithin: false });
});

test("an empty line is a line, and nothing behind the last line feed is none", () => {
  expect(rowsOf("\n\n", START).rows.map(({ line }) => line)).toEqual([1, 2]);
  expect(rowsOf("", START)).toEqual({ rows: [], end: START });
});

test("a very long line becomes rows of one number, and what would draw nothing is seen", () => {
  const { rows, end } = rowsOf(`${"a".repeat(2500)}\n\u001b[2J\u202e\r\n`, START);

  expect(rows.map(({ line, isContinued }) => [line, isContinued])).toEqual([
    [1, false],
    [1, true],
    [1, true],
    [2, false],
  ]);
  expect(rows.at(-1)?.text).toBe("·[2J·");
  expect(end.line).toBe(3);
});

test("of a large file only the first part is read until somebody goes on", async () => {
  const log: number[] = [];
  const file = new FileText(fileOf(100_000, log));

  file.want(0, 30);
  await read(file, () => file.state().rows > 0);
  file.want(0, 30);

  expect(log).toEqual([0]);
  expect(file.rowAt(0)?.text).toContain("line 1 ");
  expect(file.state().isWhole).toBe(false);
});

test("whoever comes to the end of what is known is given more", async () => {
  const file = new FileText(fileOf(5_000));
  file.want(0, 30);
  await read(file, () => file.state().rows > 0);
  const { rows } = file.state();

  file.want(rows - 20, rows - 1);
  await read(file, () => file.state().rows > rows);

  expect(file.rowAt(rows)?.line).toBe(rows + 1);
});

test("a line far behind is found, and what lies before it does not stay in memory", async () => {
  const file = new FileText(fileOf(250_000));

  const row = await file.find(240_000);

  expect(row).toBe(239_999);
  expect(file.rowAt(row ?? 0)?.text).toContain("line 240000 ");
  expect(file.rowAt(0)).toBeUndefined();
  file.want(0, 30);
  await read(file, () => file.rowAt(0) !== undefined);
  expect(file.rowAt(0)?.text).toContain("line 1 ");
});

test("a line that is not there is not found, and the whole file is known then", async () => {
  const file = new FileText(fileOf(100));

  expect(await file.find(101)).toBeNull();
  expect(await file.find(100)).toBe(99);
  expect(file.state().isWhole).toBe(true);
});

test("what fails is told, and read when it is tried again", async () => {
  const works = fileOf(10);
  let isBroken = true;
  const file = new FileText(async (offset, limit) => {
    if (isBroken) throw new Error("away");
    return works(offset, limit);
  });

  expect(await file.find(3)).toBeNull();
  expect(file.state().error).toBeInstanceOf(Error);
  isBroken = false;
  file.retry();
  await read(file, () => file.state().rows === 10);

  expect(file.state().error).toBeNull();
});
