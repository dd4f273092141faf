import type { ObservatoryState } from "../../../workflows/messages.ts";

/** 2026-11-21 04:00 UTC: night at San Pedro Mártir. */
export const NOW_MS = Date.UTC(2026, 10, 21, 4);

/** What `observatory` answers in the middle of a good night; `change` what a test wants otherwise. */
export function observatoryState(change: Partial<ObservatoryState> = {}): ObservatoryState {
  return {
    kind: "observatory",
    siteId: "colibri",
    mode: "RUNNING",
    paused: false,
    phase: "observing",
    allowsOpenDome: true,
    holds: [],
    closedByHand: false,
    clock: { startMs: 0, anchorMs: 0, rate: 1, epoch: 0 },
    watch: {
      seq: 1,
      runWallMs: NOW_MS,
      wallMs: NOW_MS,
      atMs: NOW_MS,
      safety: { safe: true, reasons: [] },
      weather: {
        safe: true,
        reasons: [],
        values: {
          humidityPct: 42,
          temperatureC: 8.4,
          dewPointC: -2.1,
          windMS: 4.2,
          gustMS: 6.8,
          windDirectionDeg: 240,
          rainMmH: 0,
          cloudPct: 3,
          pressureHPa: 723.4,
          skyQualityMagArcsec2: 21.3,
          skyTemperatureC: -30,
          seeingArcsec: 1.4,
        },
      },
      dome: { shutter: "Open" },
      telescope: { parked: false, tracking: true, slewing: false },
      guard: { tripped: false, silent: false, why: "" },
      devices: Object.fromEntries(
        ["telescope", "dome", "camera-vis", "safety", "weather"].map((id) => [
          id,
          { state: "UP", since: NOW_MS - 3_600_000, blocking: true, detail: "answers" },
        ]),
      ),
      closedLeaseHolder: null,
    },
    lease: { holder: "night/colibri/2026-11-20", generation: 3 },
    night: {
      seq: 12,
      workflowId: "night/colibri/2026-11-20",
      date: "2026-11-20",
      run: 1,
      phase: "observing",
      executing: {
        sequenceId: "R0012-1",
        requestId: "R0012",
        target: "M 33",
        raDeg: 23.4621,
        decDeg: 30.66,
        alertKey: null,
        workflowId: "sequence/R0012-1/1",
        startedMs: NOW_MS - 120_000,
        cameras: [
          {
            cameraId: "camera-vis",
            planId: "R0012-1-vis-1",
            n: 2,
            count: 5,
            filter: "r",
            exposureS: 60,
            phase: "exposing",
            startMs: NOW_MS - 37_000,
          },
        ],
      },
      waitingFor: "",
      waitsUntilMs: null,
      framesStored: 24,
      sequencesDone: 6,
      alertInProgress: null,
    },
    lastNight: null,
    tonight: {
      date: "2026-11-20",
      prepareMs: Date.UTC(2026, 10, 20, 23, 33),
      sunsetMs: Date.UTC(2026, 10, 21, 0, 33),
      domeOpenMs: Date.UTC(2026, 10, 21, 0, 45),
      duskMs: Date.UTC(2026, 10, 21, 1, 28),
      dawnMs: Date.UTC(2026, 10, 21, 13, 20),
      sunriseMs: Date.UTC(2026, 10, 21, 14, 15),
      windowEndMs: Date.UTC(2026, 10, 21, 19, 27),
      why: "",
    },
    pendingAlerts: [],
    alertInProgress: null,
    ...change,
  } as ObservatoryState;
}
