import { lazy, Suspense, useState } from "react";

import { requestOperation } from "../../api/queries";
import type { ApplianceDetail } from "../../api/types";
import { asked, useActiveOn } from "../../live/operations";
import { Button } from "../../ui/Button";
import { ConfirmByTyping } from "../../ui/ConfirmByTyping";
import { count } from "../../ui/format";
import { heldReason } from "./locks";
import { useAskReason } from "./useAppliance";

const EditAppliance = lazy(() => import("./EditAppliance"));
const StressForm = lazy(() => import("./StressForm"));

/** What can be done with the appliance as a whole. */
export function ApplianceActions({ appliance }: { appliance: ApplianceDetail }) {
  const [open, setOpen] = useState<"reboot" | "stress" | "edit" | null>(null);
  const general = useAskReason(appliance);
  const active = useActiveOn(appliance.id);
  const reason = general ?? heldReason("power", active);
  const close = () => setOpen(null);
  return (
    <>
      <Button onClick={() => setOpen("edit")}>Name and site</Button>
      <Button disabledReason={reason} onClick={() => setOpen("stress")}>
        Stress test
      </Button>
      <Button look="danger" disabledReason={reason} onClick={() => setOpen("reboot")}>
        Reboot
      </Button>
      {open === "reboot" && (
        <ConfirmByTyping
          title="Reboot the appliance"
          effect={<Effect appliance={appliance} />}
          phrase={appliance.name}
          action="Reboot"
          onClose={close}
          onConfirm={async (confirm) => {
            const operation = { kind: "appliance_reboot" } as const;
            await asked(requestOperation(appliance.id, operation, confirm), appliance.name);
          }}
        />
      )}
      {open === "stress" && (
        <Suspense>
          <StressForm appliance={appliance} onClose={close} />
        </Suspense>
      )}
      {open === "edit" && (
        <Suspense>
          <EditAppliance appliance={appliance} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

function Effect({ appliance: { name, vms_running } }: { appliance: ApplianceDetail }) {
  const vms =
    vms_running === 0
      ? "No VM runs on it."
      : `${count(vms_running, "VM")} ${vms_running === 1 ? "stops" : "stop"} with it.`;
  return (
    <p>
      dom0 of <strong>{name}</strong> restarts now. {vms} Whatever has autostart comes back after.
    </p>
  );
}
