import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** File in VESPER_HOME with the made secrets of the simulated partners. */
export const PARTNER_SECRETS_FILE = "partners.json";

/** Settings that have a made value when they are not set. */
const KEYS = ["VESPER_IC_SECRET", "VESPER_FSC_SECRET", "VESPER_FSC_WEBHOOK_SECRET"] as const;

/** The kept secrets, by name of the setting; empty when none were made. */
export function keptPartnerSecrets(home: string): Readonly<Record<string, string>> {
  const file = path.join(home, PARTNER_SECRETS_FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, string>) : {};
}

/** Makes secrets for the simulated partners once, kept readable by this user only. */
export function makePartnerSecrets(home: string): void {
  const file = path.join(home, PARTNER_SECRETS_FILE);
  if (existsSync(file)) return;
  mkdirSync(home, { recursive: true });
  const secrets = Object.fromEntries(KEYS.map((key) => [key, `whsec_${randomBytes(24).toString("base64")}`]));
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
}
