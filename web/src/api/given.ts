// Reads what came from elsewhere and may have any shape.

export type Given = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function text(given: Given, key: string): string | null {
  const value = given[key];
  return typeof value === "string" ? value : null;
}

export function number(given: Given, key: string): number | null {
  const value = given[key];
  return typeof value === "number" ? value : null;
}

export function texts(given: Given, key: string): readonly string[] {
  const value = given[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function list(value: unknown): readonly Given[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
