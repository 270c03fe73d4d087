import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { OnSite } from "../../src/api/types";
import OnSitePage from "../../src/features/on-site/OnSitePage";
import { driveWords, stickWords, turnOf } from "../../src/features/on-site/words";
import { queries } from "../../src/live/live";

const SECRET = "abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE";

function shown(more: Partial<OnSite> = {}): OnSite {
  return {
    appliance: "pbx-12",
    site: "Harbour",
    phase: "permitted",
    waits: "reset",
    tasks: [
      { number: 1, text: "Plug the backup drive in.", state: "done", who: "on_site" },
      { number: 2, text: "Wait for the permit.", state: "done", who: "operator" },
      { number: 3, text: "Plug the recovery stick in.", state: "now", who: "on_site" },
      { number: 4, text: "Leave both in.", state: "later", who: "on_site" },
    ],
    drive: { name: "Ultra", serial: "4C53", size_bytes: 128_000_000_000 },
    stick: { kind: "unknown" },
    vms_off_since: "2026-11-30T08:00:00.000Z",
    vms_back_at: null,
    downtime_seconds: 7200,
    heard_at: "2026-11-30T09:00:00.000Z",
    ended_at: null,
    expires_at: "2026-12-07T09:00:00.000Z",
    ...more,
  };
}

/** What the network answers, and what it was asked. */
function answering(status: number, body: object) {
  const asked = vi.fn((_path: string, _sent?: RequestInit) =>
    Promise.resolve(Response.json(body, { status })),
  );
  vi.stubGlobal("fetch", asked);
  return asked;
}

function open(secret: string) {
  window.location.hash = secret;
  return render(
    <QueryClientProvider client={queries}>
      <OnSitePage />
    </QueryClientProvider>,
  );
}

beforeEach(() => queries.clear());
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("the step whose turn it is comes first, and all of them are numbered below", async () => {
  answering(200, shown());
  open(SECRET);

  const turn = (await screen.findByText(/Now it is your turn/)).parentElement;
  expect(turn?.textContent).toContain("step 3");
  expect(turn?.textContent).toContain("Plug the recovery stick in.");
  const steps = screen.getAllByRole("listitem");
  expect(steps.map((step) => step.textContent?.slice(0, 2))).toEqual(["1.", "2.", "3.", "4."]);
  expect(steps[2]?.getAttribute("aria-current")).toBe("step");
  expect(steps[2]?.textContent).toContain("you");
  expect(screen.getByText(/Ultra, serial number 4C53/)).toBeTruthy();
});

test("what opens the link is sent in a header, never in an address, and no cookie goes with it", async () => {
  const asked = answering(200, shown());
  open(SECRET);
  await screen.findByRole("heading", { level: 1, name: "pbx-12 moves to 2.x" });

  const [path, sent] = asked.mock.calls[0] ?? [];
  expect(path).toBe("/api/v1/on-site");
  expect(sent?.credentials).toBe("omit");
  expect(new Headers(sent?.headers).get("authorization")).toBe(`Bearer ${SECRET}`);
});

test("a link that is over says so, and one that is not whole is not even asked for", async () => {
  const asked = answering(404, { code: "no_link", title: "none", what_to_do: "Ask." });
  open(SECRET);
  await screen.findByRole("heading", { name: "This link shows nothing any more" });
  expect(screen.queryByRole("list")).toBeNull();
  cleanup();
  asked.mockClear();

  open("abc%20d");
  await screen.findByRole("heading", { name: "This link shows nothing any more" });
  expect(asked).not.toHaveBeenCalled();
});

test("what was shown stays while the server is away, and it is said from when it is", async () => {
  answering(200, shown());
  open(SECRET);
  await screen.findByRole("heading", { level: 1, name: "pbx-12 moves to 2.x" });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await queries.refetchQueries({ queryKey: ["on-site", SECRET] });

  await waitFor(() => expect(screen.getByRole("alert")).toBeTruthy());
  expect(screen.getByText(/What is shown is from/)).toBeTruthy();
  expect(screen.getAllByRole("listitem").length).toBe(4);
});

test("whose turn it is follows what is known, and silence is never taken for a turn", () => {
  const title = (more: Partial<OnSite>) => turnOf(shown(more)).title;
  const later = shown().tasks.map((task) => Object.assign(task, { state: "later" as const }));

  expect(turnOf(shown()).isYours).toBe(true);
  expect(title({ phase: "resetting", waits: null })).toBe("Look at the appliance's screen");
  expect(turnOf(shown({ phase: "awaiting_return" })).isYours).toBe(true);
  const verifying = turnOf(shown({ phase: "verifying", waits: null, tasks: later }));
  expect(verifying).toMatchObject({ isYours: false, text: "Verifying." });
  const permit = turnOf(shown({ phase: "sealed", waits: "permit", tasks: later }));
  expect(permit.text).toBe("The server: To sign a permit.");
  const over = { phase: "succeeded", ended_at: "2026-11-30T10:00:00.000Z", tasks: [] } as const;
  expect(turnOf(shown({ ...over, tasks: [] }))).toMatchObject({
    title: "It is over: Succeeded",
    text: "There is nothing more to be done.",
  });
});

test("the drive and the stick are told from others by what can be read on them", () => {
  expect(driveWords(shown())).toBe("Ultra, serial number 4C53, 119 GiB");
  expect(driveWords(shown({ drive: null }))).toBe("not known");
  expect(stickWords(shown({ stick: { kind: "ours", key: "k1" } }))).toContain("permit key k1");
  expect(stickWords(shown({ stick: { kind: "vendor" } }))).toContain("leave it out until");
});
