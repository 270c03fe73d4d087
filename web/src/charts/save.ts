// Pictures and their numbers as files.

export type CsvField = string | number | null | undefined;

/** CSV as spreadsheets read it (RFC 4180). */
export function csvText(head: readonly string[], rows: ReadonlyArray<readonly CsvField[]>): string {
  const lines = [head, ...rows].map((row) => row.map(csvField).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function csvField(field: CsvField): string {
  if (field === null || field === undefined) return "";
  if (typeof field === "number") return Number.isFinite(field) ? String(field) : "";
  // A spreadsheet would calculate what an appliance says of itself.
  const text = /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const DRAWN = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
] as const;

type StyleOf = (element: Element) => { getPropertyValue(name: string): string };

/**
 * A picture of the page that stands by itself: what style sheets say of it is written into it, on the
 * ground that it was seen on.
 */
export function svgText(svg: SVGSVGElement, title: string, ground: string, styleOf: StyleOf) {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const seen = [...svg.querySelectorAll("*")];
  const copied = [...copy.querySelectorAll("*")];
  for (const [index, element] of seen.entries()) {
    const style = styleOf(element);
    const target = copied[index];
    target?.removeAttribute("class");
    for (const name of DRAWN) {
      const value = style.getPropertyValue(name);
      if (value !== "") target?.setAttribute(name, value);
    }
  }
  copy.removeAttribute("class");
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const make = (name: string) => document.createElementNS("http://www.w3.org/2000/svg", name);
  const words = make("title");
  words.textContent = title;
  const paper = make("rect");
  paper.setAttribute("width", "100%");
  paper.setAttribute("height", "100%");
  paper.setAttribute("fill", ground);
  copy.prepend(words, paper);
  return new XMLSerializer().serializeToString(copy);
}

/** Hands a text to the browser as a file. */
export function saveFile(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  // The browser has taken it over by then, and what it holds would stay as long as the page.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A name for a file out of words. */
export function fileName(words: string, ending: string): string {
  const plain = words.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return `${plain.replaceAll(/^-+|-+$/g, "").slice(0, 80) || "domfleet"}.${ending}`;
}
