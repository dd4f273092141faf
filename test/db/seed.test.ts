import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { migrate } from "../../db/migrate.ts";
import { type Database, openDatabase } from "../../db/orm.ts";
import { seed } from "../../db/seed.ts";
import { seedRequests } from "../../db/seeds/requests.ts";
import { nightDateAt, nightOf, sunCrossings } from "../../domain/astronomy/night.ts";
import { observabilityWindows, skyOfNight } from "../../domain/astronomy/observability.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../../domain/units.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";

const observatory = JSON.parse(
  readFileSync(new URL("../../observatories/colibri.json", import.meta.url), "utf8"),
) as Observatory;
const WALL_MS = Date.UTC(2026, 10, 20, 12);

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(async () => {
  await server?.stop();
});

async function seeded(name: string, nowMs: number, demo: { passwordHash: string } | null): Promise<Database> {
  const url = await server.createDatabase(name);
  await migrate(url);
  const database = await openDatabase(url);
  const strategies = [{ name: "default", rules: [] }];
  await seed(database, { observatory, nowMs, wallMs: WALL_MS, strategies, demo });
  return database;
}

test("seeding twice is seeding once; the demonstration accounts take the new password", async () => {
  const database = await seeded("twice", WALL_MS, { passwordHash: "one" });
  try {
    const before = await database.requests.list({ limit: 500 });
    expect(before.total).toBe(40);
    const again = { observatory, nowMs: WALL_MS + 9e9, wallMs: WALL_MS, strategies: [{ name: "default" }] };
    await seed(database, { ...again, demo: { passwordHash: "two" } });
    expect(await database.requests.list({ limit: 500 })).toEqual(before);
    expect((await database.users.list()).items.map((user) => [user.profile, user.passwordHash])).toEqual([
      ["admin", "two"],
      ["expert", "two"],
      ["operator", "two"],
      ["user", "two"],
    ]);
    expect(await database.quota.balance("TEACHING")).toMatchObject({ grantedS: 300, availableS: 300 });
    expect(await database.strategies.byDefault()).toMatchObject({ id: "default", document: { rules: [] } });
    const next = await database.requests.create({
      name: "next",
      comment: "",
      programmeId: "GALAXIES",
      userId: "U0001",
      sequences: [],
      submit: false,
      wallMs: WALL_MS,
    });
    expect(next.id).toBe("R0041");
  } finally {
    await database.close();
  }
});

test("a real site gets the alert programme and the strategies, no account and no request", async () => {
  const database = await seeded("real", WALL_MS, null);
  try {
    expect((await database.users.list()).total).toBe(0);
    expect((await database.requests.list()).total).toBe(0);
    expect((await database.programmes.list()).map((programme) => programme.id)).toEqual(["ALERT"]);
  } finally {
    await database.close();
  }
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
  "in the first six hours of a night of month %i there is work for at least ten sequences",
  (month) => {
    // Two phases of the Moon, half a month apart.
    for (const day of [10, 25]) {
      const { taken, seen } = workOfNight(Date.UTC(2027, month, day, 20));
      expect(taken).toBeGreaterThanOrEqual(14);
      for (const name of ["47 Tuc", "30 Doradus", "M 83", "M 44"]) expect(seen).not.toContain(name);
    }
  },
);

/** How many sequences of five minutes and more fit one after the other, in the order in which they set. */
function workOfNight(instantMs: number): { taken: number; seen: string[] } {
  const { site, night } = observatory;
  const { windowStartMs, windowEndMs } = nightOf(site, nightDateAt(site, instantMs));
  const crossings = sunCrossings(site, windowStartMs, windowEndMs, night.observingSunAltDeg);
  const duskMs = crossings.find((crossing) => !crossing.rising)?.tMs ?? 0;
  // The demonstration starts 15 min before dusk, and its first six hours count.
  const startMs = duskMs - 15 * MS_PER_MINUTE;
  const untilMs = startMs + 6 * MS_PER_HOUR;
  const sky = skyOfNight(site, duskMs, untilMs);
  const requests = seedRequests({ observatory, nowMs: startMs, userId: "U0001", wallMs: WALL_MS });
  const open = requests.flatMap(({ request }) =>
    request.sequences.flatMap((sequence) => {
      const { maxAirmass: _none, ...constraints } = sequence.constraints;
      const [window] = observabilityWindows(site, sequence, duskMs, untilMs, constraints, sky);
      const tonight = sequence.windowStartMs <= duskMs && sequence.windowEndMs >= untilMs;
      const framesS =
        sequence.albums[0]?.plans.reduce((sum, plan) => sum + plan.count * plan.exposureS, 0) ?? 0;
      return window === undefined || !tonight || framesS < 300 ? [] : [{ sequence, ...window }];
    }),
  );
  open.sort((a, b) => a.endMs - b.endMs || a.startMs - b.startMs);
  let freeMs = duskMs;
  let taken = 0;
  for (const { sequence, startMs, endMs } of open) {
    const endsMs = Math.max(freeMs, startMs) + (sequence.overheadS + sequence.durationS) * MS_PER_SECOND;
    if (endsMs > endMs) continue;
    freeMs = endsMs;
    taken += 1;
  }
  return { taken, seen: open.map(({ sequence }) => sequence.targetName) };
}
