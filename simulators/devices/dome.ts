/**
 * The dome: a clam shell that opens the whole sky and turns in azimuth. It knows nothing of weather. It closes on a
 * command, or by its own dead-man: 180 s of wall time without a keep-alive from the guard while it is not closed.
 */
import { MS_PER_SECOND, wrap360, wrap180 } from "../../domain/units.ts";
import { ShutterState } from "../../protocol/enums.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import { AlpacaError, absent, actionNumber, actionParameters, constant, requireWithin } from "../device.ts";
import type { AnyHandlers, Device, DeviceContext, Handlers } from "../device.ts";
import { createTravel } from "../travel.ts";
import type { TravelLeg } from "../travel.ts";

export interface DomeOptions {
  /** Seconds of wall time without keep-alive after which an open dome closes by itself. */
  readonly deadManWallS: number;
  /** Azimuth of the telescope, which a slaved dome follows. */
  readonly telescopeAzDeg: () => number;
}

export interface SimulatedDome {
  readonly device: Device;
  /** How far the shell is open, 0 to 1, at an instant of observatory time. */
  readonly openFractionAt: (atMs: number) => number;
  readonly changes: (fromMs: number, toMs: number) => number[];
}

interface DomeState {
  readonly shutter: readonly TravelLeg[];
  readonly azimuth: readonly TravelLeg[];
  readonly parkAzDeg: number;
  readonly azimuthGoal: "park" | "home" | "target" | undefined;
  readonly failed: boolean;
}

const SHUTTER_S = 60;
const AZIMUTH_DEG_S = 6;
const HOME_AZ_DEG = 0;

/** The dome with its shutter (60 observatory seconds from end to end) and its azimuth drive (6 deg/s). */
export function createDome(context: DeviceContext, options: DomeOptions): SimulatedDome {
  const restored = context.restored as DomeState | undefined;
  // 0 closed, 1 open.
  const shutter = createTravel(restored?.shutter, 0, 1 / SHUTTER_S);
  const azimuth = createTravel(restored?.azimuth, HOME_AZ_DEG, AZIMUTH_DEG_S);
  let parkAzDeg = restored?.parkAzDeg ?? HOME_AZ_DEG;
  let azimuthGoal: DomeState["azimuthGoal"] = restored === undefined ? "park" : restored.azimuthGoal;
  let failed = restored?.failed ?? false;
  let slaved = false;
  let deadManWallS = options.deadManWallS;
  let aliveWallMs = Date.now();

  const save = (): void =>
    context.save({
      shutter: shutter.legs().slice(-2),
      azimuth: azimuth.legs().slice(-2),
      parkAzDeg,
      azimuthGoal,
      failed,
    } satisfies DomeState);

  const shutterStatus = (): ShutterState => {
    const now = context.motionMs();
    if (shutter.movingAt(now)) {
      return shutter.goal() > shutter.positionAt(now) ? ShutterState.Opening : ShutterState.Closing;
    }
    if (failed) return ShutterState.Error;
    const position = shutter.positionAt(now);
    if (position <= 0) return ShutterState.Closed;
    return position >= 1 ? ShutterState.Open : ShutterState.Error;
  };
  const azimuthNow = (): number => wrap360(azimuth.positionAt(context.motionMs()));
  const turning = (): boolean => azimuth.movingAt(context.motionMs());
  const slewing = (): boolean => turning() || shutter.movingAt(context.motionMs());
  const atPark = (): boolean => azimuthGoal === "park" && !turning();
  const atHome = (): boolean => !turning() && Math.abs(wrap180(azimuthNow() - HOME_AZ_DEG)) < 0.5;

  const moveShutter = (goal: 0 | 1): void => {
    const wrong = context.fault() === "wrong-position";
    // A shutter that fails stops half way and says so.
    failed = wrong;
    shutter.moveTo(wrong ? 0.5 : goal, context.motionMs());
    save();
  };
  const turnTo = (azDeg: number, goal: typeof azimuthGoal): void => {
    const now = azimuth.positionAt(context.motionMs());
    const off = context.fault() === "wrong-position" ? 10 : 0;
    azimuth.moveTo(now + wrap180(azDeg + off - now), context.motionMs());
    azimuthGoal = goal;
    save();
  };
  const refuseSlaved = (what: string): void => {
    if (slaved) throw new AlpacaError(ErrorNumber.InvalidWhileSlaved, `${what} is refused while Slaved`);
  };

  const handlers: Handlers<"dome"> = {
    abortslew: {
      put: () => {
        slaved = false;
        shutter.stop(context.motionMs());
        azimuth.stop(context.motionMs());
        save();
      },
    },
    altitude: absent("Altitude"),
    athome: { get: atHome },
    atpark: { get: atPark },
    azimuth: { get: azimuthNow },
    canfindhome: constant(true),
    canpark: constant(true),
    cansetaltitude: constant(false),
    cansetazimuth: constant(true),
    cansetpark: constant(true),
    cansetshutter: constant(true),
    canslave: constant(true),
    cansyncazimuth: constant(false),
    closeshutter: { put: () => moveShutter(0) },
    findhome: {
      put: () => {
        refuseSlaved("FindHome");
        turnTo(HOME_AZ_DEG, "home");
      },
    },
    openshutter: {
      put: () => {
        aliveWallMs = Date.now();
        moveShutter(1);
      },
    },
    park: {
      put: () => {
        refuseSlaved("Park");
        turnTo(parkAzDeg, "park");
      },
    },
    setpark: {
      put: () => {
        parkAzDeg = azimuthNow();
        save();
      },
    },
    shutterstatus: { get: shutterStatus },
    slaved: {
      get: () => slaved,
      put: ({ Slaved }) => {
        slaved = Slaved;
      },
    },
    slewing: { get: slewing },
    slewtoaltitude: absent("SlewToAltitude", "this shutter is open or closed"),
    slewtoazimuth: {
      put: ({ Azimuth }) => {
        refuseSlaved("SlewToAzimuth");
        requireWithin("Azimuth", Azimuth, 0, 360);
        turnTo(Azimuth, "target");
      },
    },
    synctoazimuth: absent("SyncToAzimuth", "the azimuth encoder is absolute"),
  };

  const device: Device = {
    identity: context.identity,
    description: "Simulated clam-shell dome with its own dead-man",
    handlers: handlers as unknown as AnyHandlers,
    actions: {
      "dome:keepalive": {
        logged: false,
        run: () => {
          aliveWallMs = Date.now();
          return JSON.stringify({ deadManWallS });
        },
      },
      // For tests only: waiting three minutes proves no more than waiting two seconds.
      "deadman:seconds": {
        logged: true,
        run: (text) => {
          const parameters = actionParameters("deadman:seconds", text);
          deadManWallS = actionNumber("deadman:seconds", parameters, "seconds", 0.1, 3_600);
          return JSON.stringify({ deadManWallS });
        },
      },
    },
    state: () => ({
      AtHome: atHome(),
      AtPark: atPark(),
      Azimuth: azimuthNow(),
      ShutterStatus: shutterStatus(),
      Slewing: slewing(),
    }),
    tick: (wallMs) => {
      const status = shutterStatus();
      if (status === ShutterState.Closed || status === ShutterState.Closing) {
        aliveWallMs = wallMs;
      } else if (wallMs - aliveWallMs >= deadManWallS * MS_PER_SECOND) {
        aliveWallMs = wallMs;
        context.logOwn("closeshutter", "dead-man");
        moveShutter(0);
      }
      if (slaved && !turning() && Math.abs(wrap180(options.telescopeAzDeg() - azimuthNow())) > 2) {
        turnTo(options.telescopeAzDeg(), "target");
      }
    },
  };
  return {
    device,
    openFractionAt: (atMs) =>
      shutter.positionAt(context.fault() === "stuck" ? Math.min(atMs, context.motionMs()) : atMs),
    changes: shutter.changes,
  };
}
