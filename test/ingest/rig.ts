import { readFileSync } from "node:fs";
import { type Database, openDatabase } from "../../db/orm.ts";
import { seed } from "../../db/seed.ts";
import { typicalPacket } from "../../domain/alerts/typical.ts";
import { REAL_CLOCK } from "../../domain/clock.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { IntakeDeps } from "../../ingest/intake.ts";
import type { RedeliveryDeps } from "../../ingest/redelivery.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { startTemporal, type TestTemporal } from "../support/temporal-server.ts";

const json = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../observatories/${path}`, import.meta.url), "utf8"));

export const observatory = json("colibri.json") as Observatory;

export interface Rig {
  readonly postgres: TestPostgres;
  readonly temporal: TestTemporal;
  readonly database: Database;
  /** What the intake told besides its results. */
  readonly problems: Error[];
  readonly deps: IntakeDeps & RedeliveryDeps;
  stop(): Promise<void>;
}

/** A real database, seeded, and a real Temporal server; no workers: the intake needs none. */
export async function startRig(): Promise<Rig> {
  const [postgres, temporal] = await Promise.all([startPostgres(), startTemporal()]);
  const database = await openDatabase(await postgres.createMigrated("ingest"));
  const strategies = [json("strategies/default.json") as { name: string }];
  const now = Date.now();
  await seed(database, { observatory, nowMs: now, wallMs: now, strategies, demo: null });
  const problems: Error[] = [];
  return {
    postgres,
    temporal,
    database,
    problems,
    deps: {
      database,
      client: temporal.connection.client,
      observatory,
      clock: () => REAL_CLOCK,
      wallMs: () => Date.now(),
      onProblem: (problem) => problems.push(problem),
    },
    stop: async () => {
      temporal.thaw();
      await database.close();
      await Promise.all([temporal.stop(), postgres.stop()]);
    },
  };
}

const startedMs = Date.now();

/** A Swift BAT packet of the last hour; each trigger has a time and a place of its own, far from the others. */
export function swiftPacket(triggerId: string, change: { readonly raDeg?: number } = {}): Buffer {
  const number = Number(triggerId) % 100_000;
  const t0Ms = startedMs - 20_000 - (number % 25) * 120_000;
  const raDeg = change.raDeg ?? placeOf(triggerId);
  const decDeg = 60 - (number % 7) * 20;
  return Buffer.from(typicalPacket("swift-bat", { triggerId, t0Ms, noticeMs: t0Ms + 15_000, raDeg, decDeg }));
}

/** Right ascension of a trigger's packet, degrees. */
export function placeOf(triggerId: string): number {
  return (Number(triggerId) * 37) % 360;
}

/** Key of the alert of a trigger; simulated ones say so. */
export function keyOf(triggerId: string): string {
  return `swift-sim-${triggerId}`;
}
