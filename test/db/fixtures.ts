import type { AlertRecord } from "../../db/entities/alert.ts";
import type { Database } from "../../db/orm.ts";
import type { BuiltSequence } from "../../domain/requests/build.ts";

export const T0 = Date.UTC(2026, 10, 20, 3, 0, 0, 123);
const DAY_MS = 86_400_000;

/** A sequence of two plans on Messier 33. */
export function builtSequence(change: Partial<BuiltSequence> = {}): BuiltSequence {
  return {
    targetName: "M 33",
    raDeg: 23.4621,
    decDeg: 30.6599,
    windowStartMs: T0 - DAY_MS,
    windowEndMs: T0 + 30 * DAY_MS,
    preferredMs: null,
    priority: 10,
    constraints: { minAltDeg: 30, maxAirmass: 2, minMoonSepDeg: 30, maxSunAltDeg: -18 },
    albums: [
      {
        instrumentId: "vis",
        plans: [
          { filter: "r", exposureS: 60.5, count: 3 },
          { filter: "r", exposureS: 0.1, count: 1 },
        ],
      },
    ],
    durationS: 213.6,
    overheadS: 60,
    ...change,
  };
}

/** A user with a programme of 3600 s, and one submitted request of one sequence. Returns the request's id. */
export async function storeRequest(database: Database, change: Partial<BuiltSequence> = {}): Promise<string> {
  const { user } = await database.users.create({
    mail: "Maria@Vesper.example",
    name: "Maria Mitchell",
    profile: "user",
    passwordHash: "x",
    state: "active",
    createdWallMs: T0,
  });
  await database.programmes.upsert({
    id: "GALAXIES",
    name: "Nearby galaxies",
    kind: "routine",
    priority: 1,
    description: "",
    active: true,
  });
  await database.quota.grant({
    programmeId: "GALAXIES",
    grantName: "2026B",
    seconds: 3600,
    atMs: T0,
    atWallMs: T0,
    note: "",
  });
  const request = await database.requests.create({
    name: "Triangulum",
    comment: "",
    programmeId: "GALAXIES",
    userId: user.id,
    sequences: [builtSequence(change)],
    submit: true,
    wallMs: T0,
  });
  return request.id;
}

/** The night of the fixtures, open. */
export async function openNight(database: Database): Promise<string> {
  const night = await database.nights.open({
    site: "colibri",
    date: "2026-11-19",
    openedBy: "run-a",
    phase: "preparing",
    startedMs: T0,
    startedWallMs: T0,
    almanac: { duskMs: T0 },
  });
  return night.id;
}

/** The alert of a Swift trigger, made as the intake makes it: with its first notice. */
export async function storeAlert(database: Database): Promise<AlertRecord | null> {
  const alert: AlertRecord = {
    key: "swift-1016881",
    site: "colibri",
    stream: "swift-bat-pos",
    status: "active",
    decision: "TRIGGER",
    slew: false,
    rule: "swift-bat",
    reason: "GRB",
    rank: 1,
    t0Ms: T0,
    raDeg: 12.5,
    decDeg: -3,
    errorDeg: 0.05,
    generation: 0,
    workflowId: "alert/colibri/swift-1016881",
    state: { members: [] },
    closed: false,
    stages: {},
    createdWallMs: T0,
    updatedWallMs: T0,
  };
  const row = {
    site: "colibri",
    ivorn: "ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_1016881-1",
    digest: "d1",
    raw: Buffer.from("<x/>"),
    door: "webhook",
    receivedMs: T0,
    receivedWallMs: T0,
    parsed: {},
  };
  const taken = await database.intake.take(
    { row, possibleAlertKeys: [alert.key], citedIvorns: [], t0Ms: T0 },
    () => ({ alertKey: alert.key, newAlert: alert, decision: "TRIGGER", reason: "GRB", needsDelivery: true }),
  );
  return taken.alert;
}

/** A row of a schedule that is still to come, five minutes long. */
export function plannedRow(sequenceId: string, order: number, tspMs: number) {
  return {
    sequenceId,
    order,
    tspMs,
    tepMs: tspMs + 300_000,
    deltaTLMs: 0,
    deltaTRMs: 0,
    score: 1,
    status: "planned" as const,
    reasonCode: null,
    reason: null,
    numbers: null,
  };
}

/** What is stored of a schedule of these rows. */
export function newSchedule(nightId: string, madeMs: number, rows: readonly ReturnType<typeof plannedRow>[]) {
  return {
    nightId,
    madeMs,
    madeWallMs: madeMs,
    reason: "a test",
    problem: {},
    seed: 1,
    iterations: 1,
    objective: 1,
    policy: "v1",
    rows: [...rows],
  };
}

/** A session that was begun at T0. */
export function newSession(id: string, userId: string, expiresWallMs: number) {
  const nowhere = { address: null, userAgent: null };
  return { id, userId, csrf: "c", ...nowhere, createdWallMs: T0, seenWallMs: T0, expiresWallMs };
}
