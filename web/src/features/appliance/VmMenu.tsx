import type { Vm } from "../../api/types";
import { MoreIcon } from "../../ui/icons";
import { Menu, MenuItem, MenuLine } from "../../ui/Menu";
import type { VmReasons } from "./vmReasons";

interface VmMenuProps {
  vm: Vm;
  reasons: VmReasons;
  onRequest: (kind: "vm_start" | "vm_shutdown" | "vm_reboot" | "vm_adopt") => void;
  onDestroy: () => void;
}

export default function VmMenu({ vm, reasons, onRequest, onDestroy }: VmMenuProps) {
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
      <MenuItem disabledReason={reasons.adopt} onAction={() => onRequest("vm_adopt")}>
        Adopt
      </MenuItem>
      <MenuLine />
      <MenuItem danger disabledReason={reasons.destroy} onAction={onDestroy}>
        Destroy…
      </MenuItem>
    </Menu>
  );
}
