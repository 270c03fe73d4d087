// A network card that is being described in a form, and what it becomes.
import type { NewNic } from "../../api/types";

export interface DraftNic {
  readonly key: number;
  readonly bridge: string;
  readonly mac: string;
  readonly model: string;
}

export function macError(mac: string): string | null {
  if (mac === "" || /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) return null;
  return "Six pairs of digits, such as 00:16:3e:12:34:56.";
}

/** What is asked for; nothing while something is wrong. What is empty is not said. */
export function newNicOf({ bridge, mac, model }: DraftNic): NewNic | null {
  if (macError(mac)) return null;
  return {
    ...(bridge === "" ? {} : { bridge }),
    ...(mac === "" ? {} : { mac: mac.toLowerCase() }),
    ...(model === "" ? {} : { model }),
  };
}
