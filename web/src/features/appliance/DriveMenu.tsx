import { oursId } from "../../api/backups";
import { MoreIcon } from "../../ui/icons";
import { Menu, MenuItem, MenuLine } from "../../ui/Menu";
import type { DriveActionsProps } from "./DriveActions";

export default function DriveMenu({ drive, name, reasons, onRequest, onOpen }: DriveActionsProps) {
  const isOurs = oursId(drive) !== null;
  const no = isOurs ? null : "It is no backup drive: prepare it first.";
  return (
    <Menu label={`More for ${name}`} face={<MoreIcon />} look="quiet" small>
      <MenuItem disabledReason={no ?? reasons.backUp} onAction={() => onOpen("back_up")}>
        Back up now…
      </MenuItem>
      <MenuItem disabledReason={no ?? reasons.list} onAction={() => onRequest("backup_list")}>
        List its backup sets
      </MenuItem>
      <MenuItem disabledReason={no ?? reasons.backUp} onAction={() => onRequest("backup_verify")}>
        Verify all its backup sets
      </MenuItem>
      <MenuItem disabledReason={no ?? reasons.list} onAction={() => onOpen("prune")}>
        Make room…
      </MenuItem>
      <MenuItem disabledReason={no ?? reasons.backUp} onAction={() => onOpen("import")}>
        Take over a backup…
      </MenuItem>
      <MenuLine />
      <MenuItem disabledReason={reasons.touch} onAction={() => onOpen("qualify")}>
        Qualify…
      </MenuItem>
      <MenuItem danger disabledReason={reasons.touch} onAction={() => onOpen("prepare")}>
        {isOurs ? "Prepare anew…" : "Prepare…"}
      </MenuItem>
    </Menu>
  );
}
