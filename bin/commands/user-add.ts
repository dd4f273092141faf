import { randomBytes } from "node:crypto";
import { readSettings } from "../../adapters/config/read-settings.ts";
import { hashPassword } from "../../api/passwords.ts";
import { openDatabase } from "../../db/orm.ts";
import { PROFILES } from "../../domain/permissions/profiles.ts";
import type { Profile } from "../../domain/permissions/profiles.ts";

/** `feed` is for tokens only. */
const PROFILES_OF_PEOPLE = PROFILES.filter((profile) => profile !== "feed");

/** `vesper user add MAIL --profile P`: adds an active user and prints a one-time password. */
export async function userAddCommand(
  mail: string,
  options: { readonly profile: string; readonly name?: string },
): Promise<number> {
  const profile = PROFILES_OF_PEOPLE.find(
    (known): known is Exclude<Profile, "feed"> => known === options.profile,
  );
  if (profile === undefined) {
    console.error(`--profile is "${options.profile}": must be one of ${PROFILES_OF_PEOPLE.join(", ")}.`);
    return 1;
  }
  if (!/^[^\s@]+@[^\s@]+$/.test(mail)) {
    console.error(`The mail address is "${mail}": must look like name@place.`);
    return 1;
  }
  const database = await openDatabase(readSettings(process.env).databaseUrl);
  try {
    const password = randomBytes(12).toString("base64url");
    const { created } = await database.users.create({
      mail,
      name: options.name ?? mail.slice(0, mail.indexOf("@")),
      profile,
      passwordHash: await hashPassword(password),
      state: "active",
      createdWallMs: Date.now(),
    });
    if (!created) {
      console.error(`There is a user ${mail} already.`);
      return 1;
    }
    console.log(`One-time password of ${mail}, to be changed after the first log-in: ${password}`);
    return 0;
  } finally {
    await database.close();
  }
}
