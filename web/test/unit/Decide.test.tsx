import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import Decide from "../../src/features/migrations/Decide";

test("nothing is decided before its reason and its name are there", async () => {
  const onDecide = vi.fn(() => Promise.resolve());
  const onClose = vi.fn();
  render(
    <Decide
      title="Roll back to 1.x"
      effect={<p>What was written since is lost.</p>}
      action="Roll back"
      why
      phrase="box-7"
      onClose={onClose}
      onDecide={onDecide}
    />,
  );
  const go = screen.getByRole("button", { name: "Roll back" });

  fireEvent.click(go);
  fireEvent.change(screen.getByLabelText("Why"), { target: { value: " it does not boot " } });
  fireEvent.click(go);
  fireEvent.change(screen.getByLabelText("Type box-7 to confirm"), { target: { value: "box-8" } });
  fireEvent.click(go);
  expect(onDecide).not.toHaveBeenCalled();

  fireEvent.change(screen.getByLabelText("Type box-7 to confirm"), { target: { value: "box-7" } });
  fireEvent.click(go);
  await waitFor(() => expect(onClose).toHaveBeenCalled());
  expect(onDecide).toHaveBeenCalledWith("it does not boot");
});
