import path from "node:path";
import type { Settings } from "../../adapters/config/settings.ts";
import type { ClockFact } from "../../domain/clock.ts";
import { observatoryMs } from "../../domain/clock.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { PASSWORD_FILE } from "./seeding.ts";
import type { SeededAccounts } from "./seeding.ts";

/** Prints where to look, once everything is ready. */
export function announce(
  up: {
    readonly settings: Settings;
    readonly observatory: Observatory;
    readonly clock: ClockFact;
    readonly accounts: SeededAccounts;
  },
  say: (sentence: string) => void,
): void {
  const { settings, observatory, clock, accounts } = up;
  const web =
    settings.publicUrl ??
    `http://${settings.host === "0.0.0.0" ? "127.0.0.1" : settings.host}:${settings.port}`;
  say("");
  say(`Vesper is up: ${observatory.site.name}`);
  say(`  Web pages     ${web}`);
  say(
    settings.temporalIsExternal
      ? `  Temporal      ${settings.temporalAddress}, namespace ${settings.temporalNamespace}`
      : `  Temporal UI   ${settings.temporalUiUrl}`,
  );
  say(`  Images        ${path.join(settings.home, "images")}`);
  say(`  Logs          ${path.join(settings.home, "log")}`);
  say(
    clock.rate === 1
      ? "  Clock         the real sky"
      : `  Clock         ${new Date(observatoryMs(clock, Date.now())).toISOString().slice(0, 16)}Z at ${clock.rate} observatory seconds per second`,
  );
  if (accounts.demo.length > 0) {
    say(`  Accounts      ${accounts.demo.join(", ")}`);
    say(`  Password      ${passwordWords(settings, accounts)}`);
  }
  for (const remark of remarks(settings, accounts)) say(`  ${remark}`);
  say("  Stop with Ctrl-C; `npm start` goes on where it stopped.");
  say("");
}

function passwordWords(settings: Settings, accounts: SeededAccounts): string {
  if (accounts.newPassword !== null)
    return `${accounts.newPassword} (kept in ${path.join(settings.home, PASSWORD_FILE)})`;
  if (settings.password !== null) return "the one in VESPER_PASSWORD";
  return `in ${path.join(settings.home, PASSWORD_FILE)}`;
}

function remarks(settings: Settings, accounts: SeededAccounts): string[] {
  const sentences: string[] = [];
  if (accounts.administrators === 0) {
    sentences.push(
      "There is no administrator yet: make one with `npx vesper user add MAIL --profile admin`.",
    );
  }
  if (settings.webhookSecret === null) {
    sentences.push(
      "VESPER_WEBHOOK_SECRET is not set: signed notices at the webhook are refused (401); tokens still work.",
    );
  }
  return sentences;
}
