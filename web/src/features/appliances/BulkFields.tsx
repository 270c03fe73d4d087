import { AreaField, FieldRow, NameField, TextField } from "../../ui/Field";
import { parseSize } from "../../ui/format";
import type { BulkDraft } from "./bulk";

interface BulkFieldsProps {
  draft: BulkDraft;
  /** What the server found wrong with each field. */
  refused: Readonly<Record<string, string>>;
  onChange: (draft: BulkDraft) => void;
}

/** The fields of what is asked of many. */
export function BulkFields({ draft, refused, onChange }: BulkFieldsProps) {
  const put = (change: Partial<BulkDraft>) => onChange({ ...draft, ...change });
  switch (draft.kind) {
    case "debug_bundle":
    case "usb_list":
    case "appliance_reboot":
      return null;
    case "image_check":
      return (
        <NameField
          label="Image"
          hint="The same absolute path on each, such as /data/vms/pbx/disk0.qcow2."
          value={draft.path}
          onChange={(event) => put({ path: event.target.value })}
          error={refused.image}
        />
      );
    case "volume_create":
    case "thin_pool_create": {
      const isOdd = draft.size !== "" && parseSize(draft.size) === null;
      return (
        <FieldRow>
          <NameField
            label="Volume group"
            value={draft.group}
            onChange={(event) => put({ group: event.target.value.trim() })}
            error={refused.volume_group}
          />
          <NameField
            label="Name"
            value={draft.name}
            onChange={(event) => put({ name: event.target.value.trim() })}
            error={refused.name}
          />
          <TextField
            label="Size"
            hint="Such as 20 GiB."
            value={draft.size}
            onChange={(event) => put({ size: event.target.value })}
            error={isOdd ? "A size such as 20 GiB or 512 MiB." : refused.size_bytes}
            autoComplete="off"
          />
        </FieldRow>
      );
    }
    case "vm_create":
      return (
        <AreaField
          label="Configuration"
          hint="The text of an xl.cfg file, without a uuid."
          value={draft.config}
          onChange={(event) => put({ config: event.target.value })}
          error={refused.from ?? refused.vm}
          spellCheck={false}
          autoCapitalize="none"
          maxLength={32 * 1024}
        />
      );
  }
}
