// Who comes to another page by keyboard or screen reader arrives at its heading, which may be drawn
// only once the page's data is there.

let awaited = false;

/** Somebody arrives at another page: its heading gets the focus, now or once it is drawn. */
export function arrive(): void {
  awaited = true;
  greet(document.querySelector<HTMLElement>("#content h1"));
}

/** The heading of a page is drawn. */
export function greet(heading: HTMLElement | null): void {
  if (!awaited || !heading) return;
  awaited = false;
  heading.focus();
}
