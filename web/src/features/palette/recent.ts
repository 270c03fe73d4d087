// The appliances that were gone to last, on this machine.

interface Recent {
  readonly id: string;
  readonly name: string;
}

const KEY = "domfleet.recent";
const MOST = 5;

export function recall(): readonly Recent[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter(isRecent).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function remember({ id, name }: Recent): void {
  const others = recall().filter((recent) => recent.id !== id);
  try {
    localStorage.setItem(KEY, JSON.stringify([{ id, name }, ...others].slice(0, MOST)));
  } catch {
    // Without storage nothing is remembered.
  }
}

function isRecent(value: unknown): value is Recent {
  if (typeof value !== "object" || value === null || !("id" in value) || !("name" in value)) {
    return false;
  }
  return typeof value.id === "string" && typeof value.name === "string";
}
