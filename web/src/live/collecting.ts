// Many events, few requests.

/**
 * Collects keys, and hands each of them on once when the time `every` is over that begins with the
 * first of them.
 */
export function collecting(every: number, hand: (key: readonly string[]) => void) {
  const keys = new Map<string, readonly string[]>();
  return (...key: readonly string[]): void => {
    const isFirst = keys.size === 0;
    keys.set(key.join("\n"), key);
    if (!isFirst) return;
    setTimeout(() => {
      const collected = [...keys.values()];
      keys.clear();
      collected.forEach(hand);
    }, every);
  };
}
