import { nightOf } from "../../domain/astronomy/night.ts";
import type { NightAlmanac, Twilight } from "../../domain/astronomy/night.ts";
import { MS_PER_SECOND } from "../../domain/units.ts";
import { readAs, readOptions, requiredText, withUsage } from "./options.ts";
import { SITE_OPTIONS, siteOf } from "./site-options.ts";

/**
 * `vesper night --lat --lon --height --date`: Sun, twilights and Moon of one night as JSON.
 * @returns exit code: 0, or 2 when an option is wrong
 */
export async function nightCommand(args: readonly string[]): Promise<number> {
  return withUsage("night", async () => {
    const options = readOptions(args, [...SITE_OPTIONS, "date"]);
    const site = siteOf(options);
    const date = requiredText(options, "date", "a day written yyyy-mm-dd");
    const night = readAs("date", () => nightOf(site, date));
    console.log(JSON.stringify(nightJson(night), null, 2));
    return 0;
  });
}

/** The almanac in the words of the reference file: seconds, degrees to four decimals. */
export function nightJson(night: NightAlmanac): Record<string, unknown> {
  const { latDeg, lonDeg, heightM } = night.site;
  return {
    site: `lat ${latDeg} lon ${lonDeg} height ${heightM}`,
    date: night.date,
    window_start_utc: toSecond(night.windowStartMs),
    window_end_utc: toSecond(night.windowEndMs),
    sun_min_alt_deg: rounded(night.sunMinAltDeg),
    sun_max_alt_deg: rounded(night.sunMaxAltDeg),
    sunset: toSecond(night.sun.eveningMs),
    sunrise: toSecond(night.sun.morningMs),
    sun_state: night.sun.state,
    ...twilightJson("civil", night.civil),
    ...twilightJson("nautical", night.nautical),
    ...twilightJson("astronomical", night.astronomical),
    midnight_utc: toSecond(night.midnightMs),
    moon_illumination: rounded(night.moonIllumination),
    moon_alt_deg: rounded(night.moonAltDeg),
    moon_az_deg: rounded(night.moonAzDeg),
    sun_alt_at_midnight_deg: rounded(night.sunAltAtMidnightDeg),
    moon_events: night.moonEvents.map(({ event, tMs }) => ({ event, utc: toSecond(tMs) })),
  };
}

function twilightJson(name: string, twilight: Twilight): Record<string, unknown> {
  return {
    [`${name}_end`]: toSecond(twilight.eveningMs),
    [`${name}_start`]: toSecond(twilight.morningMs),
    [`${name}_state`]: twilight.state,
  };
}

function toSecond(tMs: number | null): string | null {
  if (tMs === null) {
    return null;
  }
  const roundedMs = Math.round(tMs / MS_PER_SECOND) * MS_PER_SECOND;
  return new Date(roundedMs).toISOString().replace(".000Z", "Z");
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
