/** One reading, shared by all who ask while it is under way and shortly after. */
export interface Shared<T> {
  readonly read: () => Promise<T>;
  /** A reading that began after this call. */
  readonly fresh: () => Promise<T>;
  /** What was read before counts no more. */
  readonly forget: () => void;
}

/** @param maxAgeMs how long after its beginning a reading is good for others, wall ms */
export function createShared<T>(
  make: () => Promise<T>,
  maxAgeMs: number,
  nowWallMs: () => number,
): Shared<T> {
  let last: { readonly value: Promise<T>; readonly atWallMs: number } | null = null;

  function begin(): Promise<T> {
    const started = { value: make(), atWallMs: nowWallMs() };
    last = started;
    // What failed is not kept: the next one asks again. Whoever waits for it is told.
    started.value.catch(() => {
      if (last === started) last = null;
    });
    return started.value;
  }

  return {
    read: async () => {
      const age = last === null ? Infinity : nowWallMs() - last.atWallMs;
      return last !== null && age >= 0 && age < maxAgeMs ? last.value : begin();
    },
    fresh: async () => begin(),
    forget: () => {
      last = null;
    },
  };
}

/**
 * A reading that takes long: whoever asks while it is made anew is given the one before, unless that is too old.
 * @param freshMs,usableMs ages of a reading, wall ms: younger than the first it is given as it is, older than the second never
 */
export function createRefreshed<T>(
  make: () => Promise<T>,
  { freshMs, usableMs }: { readonly freshMs: number; readonly usableMs: number },
  nowWallMs: () => number,
): () => Promise<T> {
  let last: { readonly value: T; readonly atWallMs: number } | null = null;
  let making: Promise<T> | null = null;

  async function refresh(): Promise<T> {
    const atWallMs = nowWallMs();
    try {
      const value = await make();
      last = { value, atWallMs };
      return value;
    } finally {
      making = null;
    }
  }

  return async () => {
    const age = last === null ? Infinity : Math.abs(nowWallMs() - last.atWallMs);
    if (last !== null && age < freshMs) return last.value;
    making ??= refresh();
    if (last === null || age >= usableMs) return making;
    // Whoever asks after `usableMs` is told what went wrong.
    making.catch(() => undefined);
    return last.value;
  };
}

/**
 * Makes a reading that is the same for everybody one that all who ask at about the same time share; it is forgotten when
 * something changes. What depends on who asks is never shared.
 */
export type Share = <T>(read: () => Promise<T>) => () => Promise<T>;

/** The same for readings of which there are many, told apart by a key. */
export function shareEach<K, T>(share: Share, read: (key: K) => Promise<T>): (key: K) => Promise<T> {
  const readings = share(async () => new Map<K, Promise<T>>());
  return async (key) => {
    const begun = await readings();
    const one = begun.get(key) ?? read(key);
    begun.set(key, one);
    return one;
  };
}
