import { expect, test } from "vitest";

import type { Boot } from "../../src/api/types";
import { listBoots } from "../../src/features/appliance/boots";

const boot = (started_at: string, ended_at: string | null, qemu: string): Boot => ({
  boot_id: started_at,
  started_at,
  ended_at,
  end: ended_at ? "clean" : null,
  confidence: null,
  evidence: [],
  components: { qemu_installed: qemu },
  epoch: 1,
});

test("boots are listed newest first, each with the gap before it and what became new", () => {
  const first = boot("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z", "5.2");
  const second = boot("2026-01-02T01:00:00.000Z", null, "6.0");

  const listed = listBoots([second, first]);

  expect(listed).toEqual([
    { boot: second, gapSeconds: 3600, changed: ["qemu_installed"] },
    { boot: first, gapSeconds: null, changed: [] },
  ]);
});

test("clocks that overlap make no gap below nothing", () => {
  const first = boot("2026-01-01T00:00:00.000Z", "2026-01-03T00:00:00.000Z", "5.2");
  const second = boot("2026-01-02T00:00:00.000Z", null, "5.2");

  expect(listBoots([first, second])[0]?.gapSeconds).toBe(0);
});
