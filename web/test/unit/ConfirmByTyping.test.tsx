import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { Problem } from "../../src/api/problem";
import { ConfirmByTyping } from "../../src/ui/ConfirmByTyping";

afterEach(cleanup);

function show(onConfirm: (typed: string) => Promise<void>) {
  const onClose = vi.fn();
  render(
    <ConfirmByTyping
      title="Reboot the appliance"
      effect="2 VMs stop."
      phrase="pbx-1"
      action="Reboot"
      onClose={onClose}
      onConfirm={onConfirm}
    />,
  );
  const field = screen.getByLabelText<HTMLInputElement>("Type pbx-1 to confirm");
  const button = screen.getByRole("button", { name: "Reboot" });
  const type = (value: string) => fireEvent.change(field, { target: { value } });
  return { onClose, field, button, type };
}

test("nothing happens until the name is typed, and the button says why", () => {
  const confirm = vi.fn(async () => {});
  const { button, type } = show(confirm);

  type("pbx-2");
  fireEvent.click(button);

  expect(confirm).not.toHaveBeenCalled();
  expect(button.getAttribute("aria-disabled")).toBe("true");
  const reason = document.getElementById(button.getAttribute("aria-describedby") ?? "");
  expect(reason?.textContent).toBe("Type pbx-1 first");
});

test("the name typed is the name sent, and then the dialog goes", async () => {
  const confirm = vi.fn(async () => {});
  const { button, onClose, type } = show(confirm);

  type(" pbx-1 ");
  fireEvent.click(button);

  await waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  expect(confirm).toHaveBeenCalledExactlyOnceWith("pbx-1");
});

test("a refusal is shown with what to do, and the dialog stays", async () => {
  const refusal = new Problem({
    status: 409,
    code: "locked",
    title: "Another operation holds the appliance",
    whatToDo: "Wait for it, or cancel it.",
    requestId: "req-7",
  });
  const { button, onClose, type } = show(() => Promise.reject(refusal));

  type("pbx-1");
  fireEvent.click(button);

  const note = await screen.findByRole("alert");
  expect(note.textContent).toContain("Another operation holds the appliance");
  expect(note.textContent).toContain("Wait for it, or cancel it.");
  expect(note.textContent).toContain("req-7");
  expect(onClose).not.toHaveBeenCalled();
});

test("a second press while it is under way sends nothing", async () => {
  const confirm = vi.fn(() => new Promise<void>(() => {}));
  const { button, type } = show(confirm);

  type("pbx-1");
  fireEvent.click(button);
  fireEvent.click(button);

  expect(confirm).toHaveBeenCalledOnce();
});
