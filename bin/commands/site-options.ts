import type { Site } from "../../domain/astronomy/site.ts";
import { requiredNumber } from "./options.ts";
import type { OptionValues } from "./options.ts";

/** The options by which a command is told a site. */
export const SITE_OPTIONS = ["lat", "lon", "height"] as const;

/** The site of `--lat --lon --height` (degrees, degrees east, metres). */
export function siteOf(options: OptionValues): Site {
  return {
    latDeg: requiredNumber(options, "lat", -90, 90),
    lonDeg: requiredNumber(options, "lon", -180, 360),
    heightM: requiredNumber(options, "height", -500, 9_000),
  };
}
