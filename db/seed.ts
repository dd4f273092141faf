import type { Profile } from "../domain/permissions/profiles.ts";
import type { Observatory } from "../domain/observatory.ts";
import type { Database } from "./orm.ts";
import { ALERT_PROGRAMME, DEMO_PROGRAMMES, type SeedProgramme } from "./seeds/programmes.ts";
import { seedRequests } from "./seeds/requests.ts";

export interface SeedInput {
  readonly observatory: Observatory;
  /** Observatory time, Unix ms. */
  readonly nowMs: number;
  readonly wallMs: number;
  /** Strategies of the observatory's files; the one called `default` becomes the default where none is yet. */
  readonly strategies: readonly { readonly name: string }[];
  /** The demonstration: accounts with this password hash, programmes and requests. Null on a real site. */
  readonly demo: { readonly passwordHash: string } | null;
}

/** Accounts of the demonstration: one of each profile that people have. */
const DEMO_USERS: readonly { readonly profile: Profile; readonly name: string }[] = [
  { profile: "admin", name: "Annie Cannon" },
  { profile: "operator", name: "Henrietta Leavitt" },
  { profile: "expert", name: "Cecilia Payne" },
  { profile: "user", name: "Maria Mitchell" },
];

/** Mail addresses of the demonstration accounts, best profile first. */
export const DEMO_MAILS: readonly string[] = DEMO_USERS.map(({ profile }) => demoMail(profile));

/**
 * Puts in what a site starts with: the alert programme and the strategies; under the demonstration also accounts,
 * programmes and forty routine requests. Run again it adds what is missing and changes no request; the demonstration
 * accounts get the password given.
 */
export async function seed(database: Database, input: SeedInput): Promise<void> {
  await seedProgramme(database, ALERT_PROGRAMME, input);
  await seedStrategies(database, input);
  if (input.demo === null) return;
  for (const programme of DEMO_PROGRAMMES) await seedProgramme(database, programme, input);
  const userIds = new Map<Profile, string>();
  for (const { profile, name } of DEMO_USERS) {
    userIds.set(profile, await seedUser(database, profile, name, input.demo.passwordHash, input.wallMs));
  }
  const author = userIds.get("user") ?? "";
  for (const programme of DEMO_PROGRAMMES) {
    for (const [profile, userId] of userIds) {
      const role = profile === "expert" ? "pi" : "member";
      await database.programmes.addMember({ userId, programmeId: programme.id, role });
    }
  }
  const requests = seedRequests({ ...input, userId: author });
  for (const { id, request } of requests) await database.requests.createWithId(id, request);
}

async function seedProgramme(database: Database, seed: SeedProgramme, input: SeedInput): Promise<void> {
  const { grantedS, ...programme } = seed;
  if ((await database.programmes.byId(programme.id)) === null) await database.programmes.upsert(programme);
  await database.quota.grant({
    programmeId: programme.id,
    grantName: "first",
    seconds: grantedS,
    atMs: input.nowMs,
    atWallMs: input.wallMs,
    note: "given at set-up",
  });
}

async function seedStrategies(database: Database, input: SeedInput): Promise<void> {
  const hasDefault = (await database.strategies.byDefault()) !== null;
  for (const strategy of input.strategies) {
    if ((await database.strategies.one(strategy.name)) !== null) continue;
    await database.strategies.upsert({
      id: strategy.name,
      name: strategy.name,
      isDefault: !hasDefault && strategy.name === "default",
      document: { ...strategy },
      updatedWallMs: input.wallMs,
    });
  }
}

async function seedUser(
  database: Database,
  profile: Profile,
  name: string,
  passwordHash: string,
  wallMs: number,
): Promise<string> {
  const { user, created } = await database.users.create({
    mail: demoMail(profile),
    name,
    profile,
    passwordHash,
    state: "active",
    createdWallMs: wallMs,
  });
  if (!created) await database.users.update(user.id, { passwordHash });
  return user.id;
}

function demoMail(profile: Profile): string {
  return `${profile}@vesper.example`;
}
