import { createHash, randomBytes } from "node:crypto";
import { readSettings } from "../../adapters/config/read-settings.ts";
import { openDatabase } from "../../db/orm.ts";
import { MS_PER_DAY } from "../../domain/units.ts";

/**
 * `vesper token --user U`: makes an API token with the profile of a user and prints it, once; only its hash is stored.
 * @param options.user mail address or id (U0001) of an active user.
 * @param options.days days it is valid, a whole number from 1 to 3650.
 */
export async function tokenCommand(options: {
  readonly user: string;
  readonly days: string;
}): Promise<number> {
  const days = Number(options.days);
  if (!Number.isInteger(days) || days < 1 || days > 3650) {
    console.error(`--days is "${options.days}": must be a whole number of days from 1 to 3650.`);
    return 1;
  }
  const database = await openDatabase(readSettings(process.env).databaseUrl);
  try {
    const user = (await database.users.byMail(options.user)) ?? (await database.users.byId(options.user));
    if (user?.state !== "active") {
      console.error(`--user is "${options.user}": there is no active user with this mail address or id.`);
      return 1;
    }
    const token = `vesper_${randomBytes(32).toString("base64url")}`;
    const nowWallMs = Date.now();
    await database.tokens.create({
      hash: createHash("sha256").update(token).digest("hex"),
      name: "made by vesper token",
      profile: user.profile,
      userId: user.id,
      createdWallMs: nowWallMs,
      expiresWallMs: nowWallMs + days * MS_PER_DAY,
    });
    console.log(token);
    return 0;
  } finally {
    await database.close();
  }
}
