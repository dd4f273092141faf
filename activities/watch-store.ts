import type { Database } from "../db/orm.ts";
import type { WatchStore } from "./watch-recorder.ts";

/** The tables device, device_status and weather of one site. */
export function createWatchStore(
  { devices, weather }: Pick<Database, "devices" | "weather">,
  siteId: string,
): WatchStore {
  return {
    device: ({ device, record, sinceWallMs, values, versions, wallMs }) =>
      devices.upsert({
        uniqueId: device.uniqueId,
        deviceId: device.id,
        type: device.type,
        name: device.name,
        blocking: device.blocking,
        state: record.state,
        sinceWallMs,
        values,
        seenWallMs: wallMs,
        versions,
      }),

    status: ({ uniqueId, state, cause, values, atMs, wallMs }) =>
      devices.sample({ uniqueId, atMs, atWallMs: wallMs, state, cause, values }),

    weather({ values, safe, reasons, atMs, wallMs }) {
      const { skyQualityMagArcsec2, ...others } = values;
      return weather.insert({
        site: siteId,
        atMs,
        atWallMs: wallMs,
        ...others,
        skyQualityMag: skyQualityMagArcsec2,
        safe,
        reasons,
      });
    },
  };
}
