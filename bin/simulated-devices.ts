import { wheelBefore, type InstrumentDescription, type Observatory } from "../domain/observatory.ts";
import type { CameraDescription, FilterWheelDescription } from "../simulators/observatory.ts";

/** Frames of the simulated detectors. */
const FRAME_PX = 1_024;
/** 1.56" on 7930 mm for the visible camera, 0.65" for the near-infrared one. */
const PIXEL_UM = { visible: 60, "near-infrared": 25 } as const;

/** The simulated detector of each instrument, by the id of its camera. */
export function simulatedCameras(
  { instruments }: Pick<Observatory, "instruments">,
  framePx: number = FRAME_PX,
): Readonly<Record<string, CameraDescription>> {
  return Object.fromEntries(
    instruments.map((instrument) => [instrument.cameraId, cameraOf(instrument, framePx)]),
  );
}

function cameraOf(instrument: InstrumentDescription, framePx: number): CameraDescription {
  const kind = instrument.ramp === undefined ? "visible" : "near-infrared";
  return {
    widthPx: framePx,
    heightPx: framePx,
    pixelSizeUm: PIXEL_UM[kind],
    gainEPerAdu: instrument.gainEPerAdu,
    readNoiseE: instrument.readNoiseE,
    rotationDeg: instrument.rotationDeg,
    setPointC: instrument.setPointC,
    maxExposureS: Math.max(3_600, instrument.maxExposureS),
    kind,
    band: instrument.filters[0] ?? "r",
  };
}

/** The simulated filter wheels by device id: each holds the filters of the instruments that look through it. */
export function simulatedWheels(observatory: Observatory): Readonly<Record<string, FilterWheelDescription>> {
  const wheels = observatory.devices.filter(({ type }) => type === "filterwheel");
  return Object.fromEntries(
    wheels.map(({ id }) => {
      const through = observatory.instruments.filter(
        (instrument) => wheelBefore(observatory, instrument)?.id === id,
      );
      return [
        id,
        {
          filters: [...new Set(through.flatMap(({ filters }) => filters))],
          cameras: through.map(({ cameraId }) => cameraId),
        },
      ];
    }),
  );
}
