import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client as TemporalClient, Connection } from "@temporalio/client";
import { makePartnerSecrets } from "../../adapters/config/partner-secrets.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import { ownDatabaseUrl } from "../../adapters/config/settings.ts";
import { createRunList } from "../../adapters/processes/run-list.ts";
import { migrate } from "../../db/migrate.ts";
import { openDatabase } from "../../db/orm.ts";
import type { Database } from "../../db/orm.ts";
import { observatoryMs } from "../../domain/clock.ts";
import type { ClockFact } from "../../domain/clock.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { tellClockChanged } from "./clock-changed.ts";
import { isDemoClock, resolveClock, writeClockFile } from "./clock.ts";
import type { UpJournal } from "./journal.ts";
import { ownPostgresPassword, prepareOwnPostgres, waitForOwnPostgres } from "./own-postgres.ts";
import { prepareNamespace } from "./own-temporal.ts";
import {
  apiPart,
  guardPart,
  partEnv,
  postgresPart,
  simulatorsPart,
  temporalPart,
  workerParts,
} from "./parts.ts";
import { accepts } from "./ports.ts";
import { hasSimulatedDevice } from "./prerequisites.ts";
import { seedDatabase } from "./seeding.ts";
import type { SeededAccounts } from "./seeding.ts";
import { createSupervisor } from "./supervisor.ts";
import type { Supervisor } from "./supervisor.ts";

const READY_LIMIT_MS = 60_000;
const POSTGRES_LIMIT_MS = 30_000;
const TEMPORAL_LIMIT_MS = 45_000;
const SIMULATORS_LIMIT_MS = 20_000;
const TICK_MS = 1_000;

export interface StackDeps {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly observatory: Observatory;
  /** Null when TEMPORAL_ADDRESS is used. */
  readonly temporalCli: string | null;
  readonly journal: UpJournal;
  /** Told in a few words what was reached. */
  readonly say: (sentence: string) => void;
}

export interface StartedStack {
  readonly clock: ClockFact;
  readonly accounts: SeededAccounts;
}

/** Everything that `vesper up` runs, started and stopped in order. */
export interface Stack {
  /** Resolves when the api says it is ready. @throws Error with a sentence at the first stage that fails. */
  start(): Promise<StartedStack>;
  /** Stops all in order; what start() was still doing is called off. */
  stop(): Promise<void>;
  killAll(): void;
}

export function createStack(deps: StackDeps): Stack {
  const { settings, env, observatory, journal, say } = deps;
  const supervisor: Supervisor = createSupervisor({
    runList: createRunList(path.join(settings.home, "run")),
    logFolder: path.join(settings.home, "log"),
    onRestart: (part, sentence) => journal.write("warning", part, sentence),
  });
  let stopping = false;
  let database: Database | null = null;
  let ticking: NodeJS.Timeout | null = null;
  let clock: ClockFact | null = null;

  /** A stage is not begun once stopping has. */
  async function stage<T>(run: () => Promise<T>): Promise<T> {
    if (stopping) throw new StoppedError();
    const result = await run();
    if (stopping) throw new StoppedError();
    return result;
  }

  async function startDatabase(): Promise<string> {
    if (settings.databaseIsExternal) return settings.databaseUrl;
    const password = ownPostgresPassword(settings.home, env["VESPER_POSTGRES_PASSWORD"]);
    const command = await prepareOwnPostgres(settings.home, settings.postgresPort, password);
    supervisor.start(postgresPart(command, settings.postgresPort, env));
    await waitForOwnPostgres(settings.postgresPort, password, POSTGRES_LIMIT_MS);
    return ownDatabaseUrl(settings.postgresPort, password);
  }

  /** Resolves the clock, stores it and keeps its ticks. */
  async function startClock(open: Database): Promise<{ fact: ClockFact; changed: boolean }> {
    const stored = await open.clock.read();
    const kept = stored === null ? null : { ...stored.clock, lastTickMs: stored.lastTickMs };
    const resolved = resolveClock(kept, settings.clock, observatory, Date.now());
    if (resolved.remark !== null) say(resolved.remark);
    if (!(await open.clock.write(resolved.fact))) {
      throw new Error(
        "The stored clock has a newer epoch: another `vesper up` uses this database. Stop it, or set DATABASE_URL to another one.",
      );
    }
    writeClockFile(settings.home, resolved.fact);
    clock = resolved.fact;
    ticking = setInterval(() => void tick(), TICK_MS);
    return { fact: resolved.fact, changed: resolved.reanchored };
  }

  /** Saves what the clock shows now. While the database restarts a tick is lost, which costs the clock seconds, not the night. */
  async function tick(): Promise<void> {
    if (clock === null || database === null) return;
    const wallMs = Date.now();
    await database.clock.tick(clock.epoch, observatoryMs(clock, wallMs), wallMs).catch(() => {});
  }

  async function startTemporal(): Promise<void> {
    if (deps.temporalCli !== null) supervisor.start(temporalPart(deps.temporalCli, settings, env));
    await prepareNamespace(settings.temporalAddress, settings.temporalNamespace, TEMPORAL_LIMIT_MS);
  }

  async function startSimulators(commandEnv: typeof env): Promise<void> {
    supervisor.start(simulatorsPart(settings, commandEnv));
    const deadline = Date.now() + SIMULATORS_LIMIT_MS;
    while (!(await accepts("127.0.0.1", settings.alpacaPort, 1_000))) {
      if (Date.now() > deadline) {
        throw new Error(
          `The simulated devices did not answer on port ${settings.alpacaPort} within ${SIMULATORS_LIMIT_MS / 1_000} s: see ${settings.home}/log/simulators.log.`,
        );
      }
      if (stopping) throw new StoppedError();
      await sleep(100);
    }
  }

  async function waitUntilReady(): Promise<void> {
    const host = settings.host === "0.0.0.0" || settings.host === "::" ? "127.0.0.1" : settings.host;
    const deadline = Date.now() + READY_LIMIT_MS;
    for (let last = "nothing answered"; ;) {
      try {
        const answer = await fetch(`http://${host}:${settings.port}/readyz`, {
          signal: AbortSignal.timeout(3_000),
        });
        if (answer.ok) return;
        last = `/readyz said ${answer.status} ${(await answer.text()).slice(0, 300)}`;
      } catch (error) {
        last = `/readyz did not answer (${(error as Error).message})`;
      }
      if (stopping) throw new StoppedError();
      if (Date.now() > deadline) {
        throw new Error(
          `Vesper was not ready within ${READY_LIMIT_MS / 1_000} s: ${last}. The logs are in ${settings.home}/log.`,
        );
      }
      await sleep(250);
    }
  }

  return {
    async start() {
      mkdirSync(settings.home, { recursive: true });
      const databaseUrl = await stage(startDatabase);
      const ran = await stage(() => migrate(databaseUrl));
      const open = await stage(() => openDatabase(databaseUrl));
      database = open;
      say(`PostgreSQL is up${ran.length > 0 ? `, ${ran.length} migrations ran` : ""}.`);
      const { fact, changed } = await stage(() => startClock(open));
      const demo = isDemoClock(fact);
      if (demo) makePartnerSecrets(settings.home);
      const accounts = await stage(() =>
        seedDatabase({ settings, database: open, observatory, demo, nowMs: observatoryMs(fact, Date.now()) }),
      );
      journal.connect(open, () => observatoryMs(fact, Date.now()));
      const commandEnv = partEnv(settings, databaseUrl, demo ? "demo" : "real", env);
      if (hasSimulatedDevice(observatory, settings.alpacaPort)) {
        await stage(() => startSimulators(commandEnv));
        say("The simulated devices are up.");
      }
      await stage(startTemporal);
      say("Temporal is up.");
      await stage(async () => {
        for (const part of workerParts(commandEnv)) supervisor.start(part);
        supervisor.start(guardPart(settings, commandEnv));
        supervisor.start(apiPart(settings, commandEnv));
      });
      if (changed) await stage(() => tellAllOpenWorkflows(fact));
      await stage(waitUntilReady);
      return { clock: fact, accounts };
    },

    async stop() {
      stopping = true;
      await supervisor.stop(["api"]);
      await supervisor.stop(workerParts(env).map((part) => part.name));
      await supervisor.stop(["guard"]);
      await tick();
      if (ticking !== null) clearInterval(ticking);
      await supervisor.stop(["simulators"]);
      await supervisor.stop(["temporal"]);
      await journal.disconnect();
      await database?.close().catch(() => {});
      database = null;
      await supervisor.stop(["postgres"]);
    },

    killAll: () => supervisor.killAll(),
  };

  async function tellAllOpenWorkflows(fact: ClockFact): Promise<void> {
    const connection = Connection.lazy({ address: settings.temporalAddress });
    try {
      const client = new TemporalClient({ connection, namespace: settings.temporalNamespace });
      const told = await tellClockChanged(client, fact, (sentence) =>
        journal.write("warning", "clock", sentence),
      );
      say(`The clock goes on where it stood; ${told} open workflows were told.`);
    } finally {
      await connection.close();
    }
  }
}

/** Starting was called off; nothing went wrong. */
export class StoppedError extends Error {
  constructor() {
    super("stopped while starting");
    this.name = "StoppedError";
  }
}
