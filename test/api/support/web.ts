import { fileURLToPath } from "node:url";
import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { buildApp } from "../../../api/app.ts";
import type { App } from "../../../api/context.ts";
import type { ApiDeps } from "../../../api/deps.ts";
import { hashPassword } from "../../../api/passwords.ts";
import { tokenHash } from "../../../api/plugins/identity.ts";
import { loadObservatory } from "../../../adapters/config/observatory.ts";
import { loadStrategies, strategyFolder } from "../../../adapters/config/strategies.ts";
import type { DatabaseChange } from "../../../db/notify.ts";
import { seed } from "../../../db/seed.ts";
import { openDatabase } from "../../../db/orm.ts";
import type { Database } from "../../../db/orm.ts";
import type { Profile } from "../../../domain/permissions/profiles.ts";
import { startPostgres } from "../../support/postgres.ts";
import type { TestPostgres } from "../../support/postgres.ts";
import { FakeGateway } from "./gateway.ts";
import { fakeMembership } from "./membership.ts";
import { NOW_MS } from "./states.ts";

export const PASSWORD = "a long enough password";

export interface TestWeb {
  readonly app: App;
  readonly database: Database;
  readonly postgres: TestPostgres;
  readonly gateway: FakeGateway;
  readonly clock: { wallMs: number };
  /** Another web process on the same database. */
  another(change?: Partial<ApiDeps>): Promise<App>;
  readonly notify: (table: string, id: string) => void;
  /** Signs in with the form; returns the session cookie and its CSRF token. */
  signIn(profile: Exclude<Profile, "feed">): Promise<Browser>;
  token(profile: Profile): Promise<string>;
  stop(): Promise<void>;
}

/** A signed-in browser: cookies and CSRF token. */
export interface Browser {
  readonly csrf: string;
  readonly cookie: string;
  get(url: string): Promise<LightMyRequestResponse>;
  /** Posts a form with its CSRF token. */
  post(url: string, fields?: Readonly<Record<string, string>>): Promise<LightMyRequestResponse>;
}

export const observatoryFile = fileURLToPath(new URL("../../../observatories/colibri.json", import.meta.url));
/** The observatory of the demonstration. */
export const observatory = loadObservatory(observatoryFile, {});

/** Settings of a web without secrets, proxy and files. */
export const WEB_SETTINGS: ApiDeps["settings"] = {
  home: "/nonexistent",
  port: 3000,
  publicUrl: null,
  webhookSecret: null,
  icSecret: null,
  fscSecret: null,
  fscWebhookSecret: null,
  temporalUiUrl: "http://127.0.0.1:8233",
  temporalNamespace: "default",
};

/** The web on a real, migrated, empty database, with a faked Temporal. */
export async function startWeb({
  settings,
  ...change
}: Partial<Omit<ApiDeps, "settings">> & { settings?: Partial<ApiDeps["settings"]> } = {}): Promise<TestWeb> {
  const postgres = await startPostgres();
  const database = await openDatabase(await postgres.createMigrated("web"));
  // A real site without the demonstration: nobody in it, nothing asked, but strategies for alerts.
  await seed(database, {
    observatory,
    nowMs: NOW_MS,
    wallMs: NOW_MS,
    strategies: loadStrategies(strategyFolder(observatoryFile)),
    demo: null,
  });
  const gateway = new FakeGateway();
  const clock = { wallMs: NOW_MS };
  const listeners = new Set<(change: DatabaseChange) => void>();
  const deps: ApiDeps = {
    settings: { ...WEB_SETTINGS, ...settings },
    database,
    gateway,
    membership: fakeMembership(database, () => clock.wallMs),
    observatory,
    clock: () => ({ startMs: 0, anchorMs: 0, rate: 1, epoch: 0 }),
    intake: {
      take: async () => ({ kind: "refused", code: "malformed", reason: "this test takes no notices" }),
    },
    notifications: {
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onReconnect: () => () => undefined,
    },
    nowWallMs: () => clock.wallMs,
    ...change,
  };
  const app = await buildApp(deps);
  const others: App[] = [];

  const hash = await hashPassword(PASSWORD);
  const userOf = async (profile: Profile): Promise<string> => {
    const { user } = await database.users.create({
      mail: `${profile}@vesper.example`,
      name: profile,
      profile,
      passwordHash: hash,
      state: "active",
      createdWallMs: clock.wallMs,
    });
    return user.id;
  };

  return {
    app,
    database,
    postgres,
    gateway,
    clock,
    another: async (otherwise = {}) => {
      const other = await buildApp({ ...deps, gateway: new FakeGateway(), ...otherwise });
      others.push(other);
      return other;
    },
    notify: (table, id) => listeners.forEach((listener) => listener({ table, id })),
    signIn: async (profile) => {
      await userOf(profile);
      return signInAs(app, `${profile}@vesper.example`);
    },
    token: async (profile) => {
      const token = `test-token-${profile}-${Math.random().toString(36).slice(2)}`;
      await database.tokens.create({
        hash: tokenHash(token),
        name: `test ${profile}`,
        profile,
        userId: null,
        createdWallMs: clock.wallMs,
        expiresWallMs: null,
      });
      return token;
    },
    stop: async () => {
      for (const each of [app, ...others]) await each.close();
      await database.close();
      await postgres.stop();
    },
  };
}

/** Cookies that an answer set, as the next request sends them. */
export function cookiesOf(response: LightMyRequestResponse): string {
  return response.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
}

/** The CSRF token in the first form of a page. */
export function csrfOf(html: string): string {
  const token = /name="_csrf" value="([^"]+)"/.exec(html)?.[1];
  if (token === undefined) throw new Error("the page has no CSRF token");
  return token;
}

export async function signInAs(app: App, mail: string, password = PASSWORD): Promise<Browser> {
  const form = await app.inject({ url: "/sign-in" });
  const answer = await app.inject({
    method: "POST",
    url: "/sign-in",
    ...formBody({ mail, password, _csrf: csrfOf(form.body) }, { cookie: cookiesOf(form) }),
  });
  if (answer.statusCode !== 303) throw new Error(`sign-in answered ${answer.statusCode}: ${answer.body}`);
  const cookie = cookiesOf(answer);
  const home = await app.inject({ url: "/", headers: { cookie } });
  const csrf = csrfOf(home.body);
  return {
    csrf,
    cookie,
    get: async (url) => app.inject({ url, headers: { cookie } }),
    post: async (url, fields = {}) =>
      app.inject({ method: "POST", url, ...formBody({ ...fields, _csrf: csrf }, { cookie }) }),
  };
}

/** Payload and headers of a form. */
export function formBody(
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Pick<InjectOptions, "payload" | "headers"> {
  return {
    payload: new URLSearchParams(fields).toString(),
    headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
  };
}
