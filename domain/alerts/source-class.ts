/** What a sender says the source is. */
export interface SourceClass {
  readonly name: string;
  /** 0 to 1, null when the sender gives none. */
  readonly probability: number | null;
  /** null: the class does not say. */
  readonly isBurst: boolean | null;
}

/**
 * Fermi GBM Most_Likely_Index. 4, 8 (solar flare: 8 deg from the Sun), 9 (Cyg X-1, within 2 deg) and 19 (TGF: 16 ms)
 * are confirmed by real packets; the rest follows the notice type documentation.
 */
const GBM_CLASSES: Readonly<Record<number, string>> = {
  0: "error",
  1: "unreliable location",
  2: "local particles",
  3: "below horizon",
  4: "GRB",
  5: "generic SGR",
  6: "generic transient",
  7: "distant particles",
  8: "solar flare",
  9: "Cyg X-1",
  10: "SGR 1806-20",
  11: "GROJ 0422+32",
  19: "TGF",
};

/** Class of a Fermi GBM flight notice. @param percent probability in per cent */
export function gbmClass(index: number, percent: number | null): SourceClass {
  return {
    name: GBM_CLASSES[index] ?? `GBM class ${index}`,
    probability: percent === null ? null : Math.min(1, Math.max(0, percent / 100)),
    isBurst: index === 4,
  };
}

/** Class of a GECAM notice (SRC_CLASS). */
export function gecamClass(sourceClass: string | undefined): SourceClass | null {
  const name = sourceClass?.trim();
  if (name === undefined || name === "") return null;
  return { name, probability: null, isBurst: name.toUpperCase() === "GRB" };
}

/** The likeliest class of an LVK event; `isBurst` stays open: a merger may or may not shine. */
export function lvkClass(params: ReadonlyMap<string, string>): SourceClass | null {
  if (params.get("Group") === "Burst") return { name: "unmodelled burst", probability: null, isBurst: null };
  return likeliest(
    ["BNS", "NSBH", "BBH", "MassGap", "Terrestrial"].map((name) => [
      name,
      Number(params.get(`Classification/${name}`) ?? "NaN"),
    ]),
  );
}

/** Class of a JSON notice: the likeliest entry of its `classification` object. */
export function jsonClass(classification: unknown): SourceClass | null {
  if (typeof classification !== "object" || classification === null) return null;
  const best = likeliest(
    Object.entries(classification).map(([name, p]) => [name, typeof p === "number" ? p : Number.NaN]),
  );
  if (best === null) return null;
  const isMerger = ["BNS", "NSBH", "BBH", "MassGap", "Terrestrial"].includes(best.name);
  return { ...best, isBurst: isMerger ? null : best.name.toUpperCase() === "GRB" };
}

function likeliest(entries: readonly (readonly [string, number])[]): SourceClass | null {
  let best: SourceClass | null = null;
  for (const [name, probability] of entries) {
    if (!(probability >= 0 && probability <= 1)) continue;
    if (best === null || probability > (best.probability ?? 0)) best = { name, probability, isBurst: null };
  }
  return best;
}
