import { expect, test } from "vitest";

import { resultOf } from "../../src/api/results";

const judgement = {
  format: "qcow2",
  virtual_bytes: 1024,
  verdict: "unclean",
  convertible: false,
  reasons: ["it was not closed"],
};

test("a check tells the verdict and why", () => {
  expect(resultOf("image_check", judgement)).toEqual({
    is: "image",
    judgement: {
      format: "qcow2",
      virtualBytes: 1024,
      verdict: "unclean",
      convertible: false,
      reasons: ["it was not closed"],
    },
    inspection: null,
    repair: null,
    content: null,
  });
});

test("a repaired copy tells how much of it is suspect, and what the original was", () => {
  const repaired = {
    ...judgement,
    original: { ...judgement, verdict: "corrupt" },
    content: "abc",
    is_salvaged: true,
    not_to_be_trusted: [
      { offset: 0, bytes: 10 },
      { offset: 64, bytes: 5 },
    ],
  };

  const result = resultOf("image_repair", repaired);

  if (result?.is !== "image") throw new Error("no image");
  expect(result.repair?.original?.verdict).toBe("corrupt");
  expect(result.repair?.suspectBytes).toBe(15);
});

test("a drive that lies is not fit, and says what it really holds", () => {
  const said = { is_fit: false, is_fake: true, claimed_bytes: 64, true_bytes: 8, mode: "quick" };

  const result = resultOf("usb_qualify", said);

  if (result?.is !== "qualification") throw new Error("no qualification");
  expect(result.qualification).toMatchObject({ isFit: false, isFake: true, trueBytes: 8 });
});

test.each([
  ["image_check", { already_so: true }],
  ["usb_qualify", {}],
  ["backup_list", { sets: [{ set: 7 }] }],
  ["usb_list", { drives: ["sdb"] }],
  ["vm_start", { domid: 3 }],
  ["image_check", "ok"],
])("a result of %s that has not its shape is no known one", (kind, value) => {
  expect(resultOf(kind, value)).toBeNull();
});

test("a stress run that was survived says how good that is, and one without a number nothing", () => {
  const said = {
    seconds: 10_800,
    read_bytes: 8192,
    written_bytes: 4096,
    operations: 3,
    slowest_milliseconds: 71,
    chance_of_death: 0.9502,
  };

  const result = resultOf("stress_run", said);

  if (result?.is !== "survived") throw new Error("nothing survived");
  expect(result.survived).toMatchObject({ seconds: 10_800, chanceOfDeath: 0.9502 });
  expect(result.survived).toMatchObject({ writtenBytes: 4096, slowestMilliseconds: 71 });
  expect(resultOf("stress_run", { seconds: 10 })).toBeNull();
});
