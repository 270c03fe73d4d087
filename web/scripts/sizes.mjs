// Compares what `vite build` wrote with budgets.json: sizes are in bytes after gzip.
import { readFile, readdir } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const budgets = JSON.parse(await readFile(new URL("../budgets.json", import.meta.url), "utf8"));
const manifest = JSON.parse(await readFile(new URL(".vite/manifest.json", dist), "utf8"));

const sizes = new Map();
for (const name of await readdir(new URL("assets/", dist))) {
  const bytes = await readFile(new URL(`assets/${name}`, dist));
  sizes.set(`assets/${name}`, gzipSync(bytes, { level: 9 }).length);
}

/** The files that `keys` need before they run, each once. */
function needed(keys, seen = new Set()) {
  for (const key of keys) {
    const chunk = manifest[key];
    if (!chunk || seen.has(chunk.file)) continue;
    seen.add(chunk.file);
    needed(chunk.imports ?? [], seen);
  }
  return seen;
}

const sum = (files) => [...files].reduce((total, file) => total + (sizes.get(file) ?? 0), 0);
const ending = (end) => [...sizes.keys()].filter((file) => file.endsWith(end));
// Whoever comes in by a page loads what that page needs, and nothing of the others.
const firsts = budgets.first_pages.map((page) => [page, needed(["index.html", page])]);
const lazy = ending(".js").filter((file) => !firsts.some(([, first]) => first.has(file)));
const largest = lazy.toSorted((a, b) => sizes.get(b) - sizes.get(a))[0];

const rows = [
  ...firsts.map(([page, first]) => [
    `first page ${page.match(/\w+(?=\.tsx)/)}, JavaScript`,
    sum(first),
    budgets.initial_js_bytes,
  ]),
  ["all JavaScript", sum(ending(".js")), budgets.total_js_bytes],
  ["all CSS", sum(ending(".css")), budgets.total_css_bytes],
  [`largest lazy chunk (${largest})`, sizes.get(largest) ?? 0, budgets.lazy_chunk_bytes],
  ["fonts", sum([...ending(".woff2"), ...ending(".woff"), ...ending(".ttf")]), budgets.font_bytes],
];
let over = false;
for (const [what, size, budget] of rows) {
  const fits = size <= budget;
  over ||= !fits;
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
  console.log(`${fits ? "ok  " : "OVER"} ${what}: ${kib(size)} of ${kib(budget)} (gzip)`);
}
if (over) process.exit(1);
