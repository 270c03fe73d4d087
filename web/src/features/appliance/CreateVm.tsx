import { useState } from "react";

import type { NewDisk, NewNic, OperationRequest, VmForm } from "../../api/types";
import { AreaField, CheckField, FieldRow, NameField, SelectField, TextField } from "../../ui/Field";
import { Segments } from "../../ui/Segments";
import { vmNameError } from "./names";
import { newDiskOf, type DraftDisk } from "./newDisk";
import { NewDisks } from "./NewDisks";
import { newNicOf, type DraftNic } from "./newNic";
import { NewNics } from "./NewNics";
import type { Storage } from "./NewVolumeFields";
import { OperationForm, type Refused } from "./OperationForm";

interface CreateVmProps extends Storage {
  appliance: string;
  onClose: () => void;
}

interface Draft {
  readonly name: string;
  readonly type: VmForm["type"];
  readonly memory: string;
  readonly vcpus: string;
  readonly boot: string;
  readonly uefi: boolean;
  readonly kernel: string;
  readonly ramdisk: string;
  readonly cmdline: string;
}

const EMPTY: Draft = {
  name: "",
  type: "hvm",
  memory: "1024",
  vcpus: "1",
  boot: "",
  uefi: false,
  kernel: "",
  ramdisk: "",
  cmdline: "",
};

type From = "form" | "config";

/** The server says where the line is that it does not understand. */
const FIELDS = ["from", "name", "memory_mib", "vcpus"];

export default function CreateVm({ appliance, groups, volumes, onClose }: CreateVmProps) {
  const [from, setFrom] = useState<From>("form");
  const [draft, setDraft] = useState(EMPTY);
  const [disks, setDisks] = useState<readonly DraftDisk[]>([]);
  const [nics, setNics] = useState<readonly DraftNic[]>([]);
  const [config, setConfig] = useState("");
  const operation = from === "form" ? ofForm(draft, disks, nics) : ofConfig(config);
  return (
    <OperationForm
      title="Create a VM"
      action="Create"
      appliance={appliance}
      subject={from === "form" ? draft.name : "from a configuration"}
      operation={operation}
      incomplete={from === "form" ? "Fill in what is missing first" : "Paste a configuration first"}
      fields={FIELDS}
      wide
      onClose={onClose}
    >
      {(refused) => (
        <>
          <Segments<From>
            label="What it is made from"
            value={from}
            segments={[
              { value: "form", word: "A form" },
              { value: "config", word: "An xl configuration" },
            ]}
            onChange={setFrom}
          />
          {from === "form" ? (
            <>
              <Form draft={draft} refused={refused} onChange={setDraft} />
              <NewDisks
                drafts={disks}
                taken={[]}
                groups={groups}
                volumes={volumes}
                onChange={setDisks}
              />
              <NewNics drafts={nics} onChange={setNics} />
            </>
          ) : (
            <AreaField
              label="Configuration"
              hint="The text of an xl.cfg file. It is kept as it is, but for the UUID and the MAC addresses, which are written into it."
              value={config}
              onChange={(event) => setConfig(event.target.value)}
              error={refused.from ?? refused.name}
              spellCheck={false}
              autoCapitalize="none"
              maxLength={32 * 1024}
              autoFocus
            />
          )}
          <p className="muted">The VM is not started.</p>
        </>
      )}
    </OperationForm>
  );
}

interface FormProps {
  draft: Draft;
  refused: Refused;
  onChange: (draft: Draft) => void;
}

function Form({ draft, refused, onChange }: FormProps) {
  const put = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  const isHvm = draft.type === "hvm";
  return (
    <>
      <FieldRow>
        <NameField
          label="Name"
          value={draft.name}
          onChange={(event) => put({ name: event.target.value.trim() })}
          error={vmNameError(draft.name) ?? refused.name}
          autoFocus
        />
        <SelectField
          label="Kind of guest"
          value={draft.type}
          onChange={(event) => put({ type: event.target.value as VmForm["type"] })}
        >
          <option value="hvm">HVM: sees a whole computer</option>
          <option value="pvh">PVH: knows that it is a guest</option>
          <option value="pv">PV: as PVH, on old hardware</option>
        </SelectField>
      </FieldRow>
      <FieldRow>
        <TextField
          label="Memory in MiB"
          type="number"
          min={1}
          value={draft.memory}
          onChange={(event) => put({ memory: event.target.value })}
          error={refused.memory_mib}
        />
        <TextField
          label="Virtual CPUs"
          type="number"
          min={1}
          value={draft.vcpus}
          onChange={(event) => put({ vcpus: event.target.value })}
          error={refused.vcpus}
        />
        {isHvm && (
          <SelectField
            label="Boots from"
            value={draft.boot}
            onChange={(event) => put({ boot: event.target.value })}
          >
            <option value="">Its first disk</option>
            <option value="dc">The CD drive, then the disk</option>
            <option value="n">The network</option>
          </SelectField>
        )}
      </FieldRow>
      {isHvm ? (
        <CheckField
          label="UEFI in place of BIOS"
          checked={draft.uefi}
          onChange={(event) => put({ uefi: event.target.checked })}
        />
      ) : (
        <FieldRow>
          <Text label="Kernel" of="kernel" draft={draft} put={put} hint="pygrub where empty." />
          <Text label="Initial file system" of="ramdisk" draft={draft} put={put} />
          <Text label="Kernel's command line" of="cmdline" draft={draft} put={put} />
        </FieldRow>
      )}
    </>
  );
}

interface TextProps {
  label: string;
  of: "kernel" | "ramdisk" | "cmdline";
  draft: Draft;
  hint?: string;
  put: (change: Partial<Draft>) => void;
}

function Text({ label, of, draft, hint, put }: TextProps) {
  return (
    <NameField
      label={label}
      hint={hint}
      value={draft[of]}
      onChange={(event) => put({ [of]: event.target.value })}
    />
  );
}

function ofForm(
  draft: Draft,
  disks: readonly DraftDisk[],
  nics: readonly DraftNic[],
): OperationRequest | null {
  const { name, type, boot, uefi, kernel, ramdisk, cmdline } = draft;
  const [memory_mib, vcpus] = [Number(draft.memory), Number(draft.vcpus)];
  const made = disks.map(newDiskOf);
  const cards = nics.map(newNicOf);
  const isWhole =
    name !== "" && !vmNameError(name) && Number.isInteger(memory_mib) && memory_mib > 0;
  if (!isWhole || !Number.isInteger(vcpus) || vcpus < 1) return null;
  if (made.includes(null) || cards.includes(null)) return null;
  const form: VmForm = {
    name,
    type,
    memory_mib,
    vcpus,
    disks: made.filter((disk): disk is NewDisk => disk !== null),
    nics: cards.filter((nic): nic is NewNic => nic !== null),
    ...(type === "hvm" ? { uefi, ...said({ boot }) } : said({ kernel, ramdisk, cmdline })),
  };
  return { kind: "vm_create", from: { form } };
}

/** Without what is empty. */
function said<T extends Record<string, string>>(values: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== ""),
  ) as Partial<T>;
}

function ofConfig(config: string): OperationRequest | null {
  return config.trim() === "" ? null : { kind: "vm_create", from: { config } };
}
