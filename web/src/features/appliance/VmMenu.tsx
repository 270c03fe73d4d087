import type { Vm } from "../../api/types";
import { MoreIcon } from "../../ui/icons";
import { Menu, MenuItem, MenuLine } from "../../ui/Menu";
import type { VmReasons } from "./vmReasons";

/** What is asked as soon as it is chosen. */
export type VmRequest =
  | "vm_start"
  | "vm_shutdown"
  | "vm_reboot"
  | "vm_pause"
  | "vm_unpause"
  | "vm_adopt"
  | "vm_autostart";

/** What is chosen in a dialog first. */
export type VmDialog = "destroy" | "change" | "rename" | "remove" | "console";

interface VmMenuProps {
  vm: Vm;
  reasons: VmReasons;
  onRequest: (kind: VmRequest) => void;
  onOpen: (dialog: VmDialog) => void;
}

export default function VmMenu({ vm, reasons, onRequest, onOpen }: VmMenuProps) {
  return (
    <Menu label={`More for ${vm.name}`} face={<MoreIcon />} look="quiet" small>
      <MenuItem disabledReason={reasons.start} onAction={() => onRequest("vm_start")}>
        Start
      </MenuItem>
      <MenuItem disabledReason={reasons.shutdown} onAction={() => onRequest("vm_shutdown")}>
        Shut down
      </MenuItem>
      <MenuItem disabledReason={reasons.reboot} onAction={() => onRequest("vm_reboot")}>
        Reboot
      </MenuItem>
      {vm.state === "paused" ? (
        <MenuItem disabledReason={reasons.unpause} onAction={() => onRequest("vm_unpause")}>
          Unpause
        </MenuItem>
      ) : (
        <MenuItem disabledReason={reasons.pause} onAction={() => onRequest("vm_pause")}>
          Pause
        </MenuItem>
      )}
      <MenuItem disabledReason={reasons.console} onAction={() => onOpen("console")}>
        Read console…
      </MenuItem>
      <MenuLine />
      <MenuItem disabledReason={reasons.change} onAction={() => onOpen("change")}>
        Change…
      </MenuItem>
      <MenuItem disabledReason={reasons.rename} onAction={() => onOpen("rename")}>
        Rename…
      </MenuItem>
      <MenuItem disabledReason={reasons.autostart} onAction={() => onRequest("vm_autostart")}>
        {vm.autostart ? "Do not start with dom0" : "Start with dom0"}
      </MenuItem>
      <MenuItem disabledReason={reasons.adopt} onAction={() => onRequest("vm_adopt")}>
        Adopt
      </MenuItem>
      <MenuLine />
      <MenuItem danger disabledReason={reasons.destroy} onAction={() => onOpen("destroy")}>
        Destroy…
      </MenuItem>
      <MenuItem danger disabledReason={reasons.remove} onAction={() => onOpen("remove")}>
        Remove…
      </MenuItem>
    </Menu>
  );
}
