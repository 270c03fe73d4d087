import { MoreIcon } from "../../ui/icons";
import { Menu, MenuItem } from "../../ui/Menu";
import type { DiskImage } from "./images";

export type ImageDialog = "convert" | "repair";

/** Why something cannot be asked for now; nothing where it can. */
export interface ImageReasons {
  readonly read: string | null;
  readonly work: string | null;
}

interface ImageMenuProps {
  image: DiskImage;
  reasons: ImageReasons;
  onInspect: () => void;
  onOpen: (dialog: ImageDialog) => void;
}

export default function ImageMenu({ image, reasons, onInspect, onOpen }: ImageMenuProps) {
  return (
    <Menu label={`More for ${image.path}`} face={<MoreIcon />} look="quiet" small>
      <MenuItem disabledReason={reasons.read} onAction={onInspect}>
        Inspect
      </MenuItem>
      <MenuItem disabledReason={reasons.work} onAction={() => onOpen("convert")}>
        Convert…
      </MenuItem>
      <MenuItem
        disabledReason={image.volume ? "A volume has nothing to repair." : reasons.work}
        onAction={() => onOpen("repair")}
      >
        Repair a copy…
      </MenuItem>
    </Menu>
  );
}
