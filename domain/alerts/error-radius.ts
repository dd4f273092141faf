/**
 * Radius of the circle that holds a source with 90 % probability, from one of another probability, for a circular
 * Gaussian: r(p) = sigma * sqrt(-2 ln(1 - p)).
 * @param radiusDeg quoted radius; its sign is dropped (INTEGRAL marks withdrawn positions with a negative one)
 * @param containment probability of the quoted circle, 0 < p < 1
 * @returns degrees, or null for a filler: 0, exactly -1 (IPN, SVOM GRM), not finite, or 180 and more
 */
export function errorRadius90Deg(radiusDeg: number | null, containment: number): number | null {
  if (radiusDeg === null || !Number.isFinite(radiusDeg) || radiusDeg === -1) return null;
  const radius = Math.abs(radiusDeg);
  if (radius === 0 || radius >= 180) return null;
  if (!(containment > 0 && containment < 1) || containment === 0.9) return radius;
  return Math.min(180, radius * Math.sqrt(Math.log(0.1) / Math.log(1 - containment)));
}

/** 68 % radius of the same kind from a 90 % one. */
export function oneSigmaDeg(error90Deg: number): number {
  return error90Deg * Math.sqrt(Math.log(0.32) / Math.log(0.1));
}

/** 90 % radius of a position with its systematic error (68 %) added in quadrature; degrees. */
export function totalError90Deg(error90Deg: number, systematicDeg: number): number {
  const systematic90 = systematicDeg * Math.sqrt(Math.log(0.1) / Math.log(0.32));
  return Math.min(180, Math.hypot(error90Deg, systematic90));
}
