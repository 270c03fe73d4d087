import type { Volume } from "../../api/types";
import { MoreIcon } from "../../ui/icons";
import { Menu, MenuItem, MenuLine } from "../../ui/Menu";
import type { VolumeReasons } from "./volumeReasons";

export type VolumeDialog = "snapshot" | "grow" | "rename" | "revert" | "remove";

interface VolumeMenuProps {
  volume: Volume;
  reasons: VolumeReasons;
  onAdopt: () => void;
  onOpen: (dialog: VolumeDialog) => void;
}

export default function VolumeMenu({ volume, reasons, onAdopt, onOpen }: VolumeMenuProps) {
  return (
    <Menu label={`More for ${volume.name}`} face={<MoreIcon />} look="quiet" small>
      <MenuItem disabledReason={reasons.snapshot} onAction={() => onOpen("snapshot")}>
        Snapshot…
      </MenuItem>
      <MenuItem disabledReason={reasons.grow} onAction={() => onOpen("grow")}>
        Grow…
      </MenuItem>
      <MenuItem disabledReason={reasons.rename} onAction={() => onOpen("rename")}>
        Rename…
      </MenuItem>
      <MenuItem disabledReason={reasons.adopt} onAction={onAdopt}>
        Adopt
      </MenuItem>
      <MenuLine />
      <MenuItem danger disabledReason={reasons.revert} onAction={() => onOpen("revert")}>
        Revert its origin…
      </MenuItem>
      <MenuItem danger disabledReason={reasons.remove} onAction={() => onOpen("remove")}>
        Remove…
      </MenuItem>
    </Menu>
  );
}
