import { setTimeout as sleep } from "node:timers/promises";
import {
  decide,
  evidenceVerdict,
  needsAnswers,
  type GuardDecision,
  type GuardEvidence,
  type GuardFacts,
  type GuardState,
  type Permission,
} from "../../domain/safety/guard.ts";
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

/** A Temporal that is well answers a query within this. */
const MOMENT_WALL_MS = 250;
const NOT_WAITED_FOR: Permission = { kind: "silent", why: "not waited for" };
/** A closed dome needs no look at anything else. */
const NOTHING_SEEN: Pick<GuardFacts, "parked" | "permission" | "safety"> = {
  parked: null,
  permission: NOT_WAITED_FOR,
  safety: { safe: true, reasons: [] },
};

/** One loop of the guard after another: looks, decides, acts. The deciding is pure (domain/safety/guard.ts). */
export function createGuardLoop(deps: GuardLoopDeps, initial: GuardState) {
  const { devices, wallMs, report } = deps;
  let state = initial;
  let evidence: GuardEvidence = { interlock: null, weather: null };
  let outstanding: Promise<unknown> = Promise.resolve();

  async function look<R>(what: string, question: () => Promise<R>): Promise<R | null> {
    try {
      return await question();
    } catch (error) {
      report(what, error);
      return null;
    }
  }

  /**
   * Looks at everything at once; what does not answer leaves its old evidence to grow older. When it is unsafe, Temporal is
   * not waited for beyond a moment: it takes 2 s to be silent, and the dome must close either way.
   */
  async function gather(): Promise<Pick<GuardFacts, "parked" | "permission" | "safety">> {
    const asked = deps.answerable().then(deps.askPermission);
    // One that was not waited for may still be under way when the next is asked.
    outstanding = Promise.allSettled([outstanding, asked]);
    const [isSafe, weather, rate, parked] = await Promise.all([
      look("the interlock", devices.isSafe),
      look("the weather station", devices.weather),
      deps.rate(),
      look("the mount", devices.parked),
    ]);
    const now = wallMs();
    evidence = {
      interlock: isSafe === null ? evidence.interlock : { isSafe, wallMs: now },
      weather:
        weather === null
          ? evidence.weather
          : { values: weather.values, ageWallS: weather.oldestAgeS / rate, wallMs: now },
    };
    const safety = evidenceVerdict(evidence, deps.limits, now);
    return { parked, safety, permission: await (safety.safe ? asked : Promise.race([asked, aMoment()])) };
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
      const seen = needsAnswers(state, shutter) ? await gather() : NOTHING_SEEN;
      const decision = decide(state, { wallMs: wallMs(), shutter, ...seen });
      ({ state } = decision);
      await act(decision);
      return decision;
    },

    state: (): GuardState => state,

    /** Ends when no question to Temporal is under way. */
    settled: async (): Promise<void> => {
      await outstanding;
    },
  };
}

async function aMoment(): Promise<Permission> {
  await sleep(MOMENT_WALL_MS);
  return NOT_WAITED_FOR;
}
