/** An angle in the unit people use for its size: `5.2 deg`, `3.0 arcmin`, `1.4 arcsec`. */
export function angle(deg: number): string {
  if (deg >= 1) return `${deg.toFixed(1)} deg`;
  return deg >= 1 / 60 ? `${(deg * 60).toFixed(1)} arcmin` : `${(deg * 3_600).toFixed(1)} arcsec`;
}

/** A time span: `45 s`, `12 min`, `3.2 h`, `9.4 d`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}
