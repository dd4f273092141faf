import {
  decide,
  evidenceVerdict,
  type GuardDecision,
  type GuardEvidence,
  type GuardState,
  type Permission,
} from "../../domain/safety/guard.ts";
import type { ShutterWord } from "../../domain/safety/watch-state.ts";
import type { WeatherLimits } from "../../domain/observatory.ts";
import type { GuardDevices } from "./devices.ts";
import type { AskPermission } from "./permission.ts";

export interface GuardLoopDeps {
  readonly devices: GuardDevices;
  readonly limits: WeatherLimits;
  /** Observatory seconds per wall second; 1 when not known. */
  readonly rate: () => Promise<number>;
  /** Workflow that answers for the open dome: the lease holder, else the majordome. */
  readonly answerable: () => Promise<string>;
  readonly askPermission: AskPermission;
  readonly wallMs: () => number;
  /** What went wrong with one device or order: for the log. */
  readonly report: (what: string, error: unknown) => void;
}

const NOT_ASKED: Permission = { kind: "silent", why: "not asked" };

/** One loop of the guard after another: looks, decides, acts. The deciding is pure (domain/safety/guard.ts). */
export function createGuardLoop(deps: GuardLoopDeps, initial: GuardState) {
  const { devices, wallMs, report } = deps;
  let state = initial;
  let evidence: GuardEvidence = { interlock: null, weather: null };

  async function look<R>(what: string, question: () => Promise<R>): Promise<R | null> {
    try {
      return await question();
    } catch (error) {
      report(what, error);
      return null;
    }
  }

  /** Looks at everything at once; what does not answer leaves its old evidence to grow older. */
  async function gather(shutter: ShutterWord): Promise<{ parked: boolean | null; permission: Permission }> {
    const [isSafe, weather, rate, permission, parked] = await Promise.all([
      look("the interlock", devices.isSafe),
      look("the weather station", devices.weather),
      deps.rate(),
      deps.answerable().then(deps.askPermission),
      state.tripped || shutter !== "Closed" ? look("the mount", devices.parked) : null,
    ]);
    const now = wallMs();
    evidence = {
      ...evidence,
      ...(isSafe === null ? {} : { interlock: { isSafe, wallMs: now } }),
      ...(weather === null
        ? {}
        : { weather: { values: weather.values, ageWallS: weather.oldestAgeS / rate, wallMs: now } }),
    };
    return { parked, permission };
  }

  async function act({ abort, close, park, keepAlive }: GuardDecision): Promise<void> {
    const orders = [
      ...(close ? [look("the order to close", devices.closeShutter)] : []),
      ...(abort ? [look("the order to abort", devices.abortExposures)] : []),
      ...(park ? [look("the order to park", devices.park)] : []),
      ...(keepAlive ? [look("the keep-alive", devices.keepAlive)] : []),
    ];
    await Promise.all(orders);
  }

  return {
    /** One loop. Never throws for a device, a file or Temporal. */
    async run(): Promise<GuardDecision> {
      const shutter = (await look("the dome", devices.shutter)) ?? "Unknown";
      const needed = state.tripped || (shutter !== "Closed" && shutter !== "Closing");
      const { parked, permission } = needed ? await gather(shutter) : { parked: null, permission: NOT_ASKED };
      const now = wallMs();
      const safety = evidenceVerdict(evidence, deps.limits, now);
      const decision = decide(state, { wallMs: now, shutter, parked, safety, permission });
      ({ state } = decision);
      await act(decision);
      return decision;
    },

    state: (): GuardState => state,
  };
}
