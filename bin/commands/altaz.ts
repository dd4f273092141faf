import { airmass, altAz, lastDeg } from "../../domain/astronomy/alt-az.ts";
import { parseDeclination, parseRightAscension } from "../../domain/astronomy/sexagesimal.ts";
import { moonSeparationDeg } from "../../domain/astronomy/sun-moon.ts";
import { UsageError, readAs, readOptions, requiredText, withUsage } from "./options.ts";
import { SITE_OPTIONS, siteOf } from "./site-options.ts";

/**
 * `vesper altaz --lat --lon --height --ra --dec --time`: where an ICRS place stands over a site, as JSON
 * `{altDeg, azDeg, airmass, lastDeg, moonSepDeg}`; airmass is null below the horizon.
 * A plain number is degrees in both coordinates; sexagesimal right ascension is hours.
 * @returns exit code: 0, or 2 when an option is wrong
 */
export async function altazCommand(args: readonly string[]): Promise<number> {
  return withUsage("altaz", async () => {
    const options = readOptions(args, [...SITE_OPTIONS, "ra", "dec", "time"]);
    const site = siteOf(options);
    const raText = requiredText(options, "ra", "degrees or hh:mm:ss");
    const decText = requiredText(options, "dec", "degrees or +dd:mm:ss");
    // On the command line a plain number is always degrees, whole ones too.
    const raDeg = readAs("ra", () => parseRightAscension(/^\d+$/.test(raText) ? `${raText}.0` : raText));
    const decDeg = readAs("dec", () => parseDeclination(decText));
    const tMs = instant(requiredText(options, "time", "an instant in UTC, such as 2026-11-20T03:00:00Z"));
    const { altDeg, azDeg } = altAz(site, raDeg, decDeg, tMs);
    const result = {
      altDeg: rounded(altDeg),
      azDeg: rounded(azDeg) % 360,
      airmass: roundedOrNull(airmass(altDeg)),
      lastDeg: rounded(lastDeg(site, tMs)) % 360,
      moonSepDeg: rounded(moonSeparationDeg(site, raDeg, decDeg, tMs)),
    };
    console.log(JSON.stringify(result, null, 2));
    return 0;
  });
}

function instant(text: string): number {
  // Without its own zone an ISO time would be read in the machine's zone; UTC is the only zone here.
  const iso = /(Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}Z`;
  const tMs = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(iso) ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(tMs) || tMs < Date.UTC(1972, 0, 1)) {
    throw new UsageError(
      `--time: "${text}" must be an instant in UTC from 1972 on, such as 2026-11-20T03:00:00Z`,
    );
  }
  return tMs;
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function roundedOrNull(value: number | null): number | null {
  return value === null ? null : rounded(value);
}
