import { expect, test } from "vitest";

import type { Vm } from "../../src/api/types";
import { vmReasons } from "../../src/features/appliance/vmReasons";

const vm = (rest: Partial<Vm>): Vm => ({
  uuid: "1",
  name: "pbx",
  state: "off",
  memory_bytes: 2 ** 30,
  vcpus: 1,
  disks: [],
  macs: [],
  managed: true,
  config_path: "/etc/xen/pbx.cfg",
  ...rest,
});
const free = { general: null, reading: null, heldBy: undefined };
const possible = (rest: Partial<Vm>) => {
  const reasons = Object.entries(vmReasons(vm(rest), free));
  return reasons.filter(([, reason]) => reason === null).map(([act]) => act);
};

test("what can be asked of a VM follows from how it is", () => {
  const ours = ["change", "rename", "autostart"];

  expect(possible({})).toEqual(["start", ...ours, "remove", "console"]);
  expect(possible({ state: "running", domid: 3 })).toEqual([
    "shutdown",
    "reboot",
    "pause",
    "destroy",
    ...ours,
    "console",
  ]);
  expect(possible({ state: "paused", domid: 3 })).toEqual([
    "unpause",
    "destroy",
    ...ours,
    "console",
  ]);
  expect(possible({ managed: false })).toEqual(["start", "adopt", "console"]);
});

test("why something cannot be asked says what to do first", () => {
  const reasons = vmReasons(vm({ state: "paused", domid: 3, managed: false }), free);

  expect(reasons.shutdown).toBe("pbx is paused and would not hear of it: unpause it first.");
  expect(reasons.remove).toBe("pbx is not managed: adopt it first.");
  expect(vmReasons(vm({ state: "crashed", domid: 3 }), free).start).toContain("destroy it first");
  expect(vmReasons(vm({ config_path: null }), free).start).toContain("No configuration file");
});

test("a console is read while another operation holds the VM, and of a read-only appliance", () => {
  const reasons = vmReasons(vm({}), { general: "read-only", reading: null, heldBy: "vm_start" });

  expect(reasons.console).toBeNull();
  expect(reasons.start).toBe("read-only");
});
