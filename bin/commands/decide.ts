import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConfigurationError } from "../../adapters/config/explain.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { loadStrategies } from "../../adapters/config/strategies.ts";
import { memberId } from "../../domain/alerts/alert-state.ts";
import type { AlertState } from "../../domain/alerts/alert-state.ts";
import { ignored } from "../../domain/alerts/decide.ts";
import type { Decision, DecisionContext } from "../../domain/alerts/decide.ts";
import { guardBytes } from "../../domain/alerts/guard.ts";
import { NoticeError, parseNotice } from "../../domain/alerts/parse.ts";
import type { Notice } from "../../domain/alerts/parse.ts";
import { canonicalKey, takeNotice } from "../../domain/alerts/take.ts";
import type { Visibility } from "../../domain/alerts/visibility.ts";
import { altAz } from "../../domain/astronomy/alt-az.ts";
import { moonSeparationDeg, sunAltDeg } from "../../domain/astronomy/sun-moon.ts";
import type { Site } from "../../domain/astronomy/site.ts";
import type { SiteInstruments } from "../../domain/strategies/contradictions.ts";
import type { Strategy } from "../../domain/strategies/strategy.ts";
import { mergeStrategies } from "../../domain/strategies/merge.ts";
import { UsageError, withUsage } from "./options.ts";

const SHIPPED_STRATEGIES = fileURLToPath(new URL("../../observatories/strategies", import.meta.url));

/**
 * `vesper decide FILE... [--site FILE] [--strategies FOLDER]`: feeds alert packets to the rules of the running
 * product, in the order given, each as if it arrived at its own notice time; prints one JSON line for each and one
 * with the alerts at the end.
 *
 * `alertKey` is the key of the alert the notice belongs to at the end, named after the event's earliest trigger, so
 * that runs in different orders can be compared; `alertKeyThen` is there when it had another name at that moment.
 * @param args files and options
 * @returns exit code: 0 whatever was decided, 2 when an option is wrong
 */
export async function decideCommand(args: string[]): Promise<number> {
  return withUsage("decide", async () => {
    const { files, site, strategies } = readArguments(args);
    const base = contextOf(site, strategies);
    const open = new Map<string, AlertState>();
    const fed = files.map((file) => feed(file, open, base));
    const home = homesOf(open);
    for (const each of fed) console.log(JSON.stringify(lineOf(each, home)));
    console.log(
      JSON.stringify({
        alerts: [...open.values()].map(summaryOf).sort((a, b) => (a.alertKey < b.alertKey ? -1 : 1)),
      }),
    );
    return 0;
  });
}

interface Fed {
  readonly file: string;
  readonly notice: Notice | null;
  readonly decision: Decision;
}

type BaseContext = Omit<DecisionContext, "nowMs">;

function readArguments(args: readonly string[]): {
  files: string[];
  site: string | null;
  strategies: string;
} {
  const files: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i] ?? "";
    const [, name, attached] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      files.push(word);
      continue;
    }
    if (name !== "site" && name !== "strategies")
      throw new UsageError(`--${name}: unknown; options are --site, --strategies`);
    const value = attached ?? args[(i += 1)];
    if (value === undefined || value === "") throw new UsageError(`--${name}: its value is missing`);
    options.set(name, value);
  }
  if (files.length === 0)
    throw new UsageError("no FILE given; usage: vesper decide FILE... [--site FILE] [--strategies FOLDER]");
  return {
    files,
    site: options.get("site") ?? null,
    strategies: options.get("strategies") ?? SHIPPED_STRATEGIES,
  };
}

function contextOf(siteFile: string | null, folder: string): BaseContext {
  try {
    if (siteFile === null) return { strategy: strategyOf(folder) };
    const observatory = loadObservatory(siteFile, process.env);
    const { minAltDeg } = observatory.telescope;
    return {
      strategy: strategyOf(folder, observatory),
      site: { minAltDeg, maxSunAltDeg: observatory.night.observingSunAltDeg },
      visibility: visibilityOver(observatory.site),
    };
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(error.message);
    throw error;
  }
}

function strategyOf(folder: string, site?: SiteInstruments): Strategy {
  const strategies = loadStrategies(folder, site);
  if (strategies.length === 0)
    throw new UsageError(`--strategies: "${folder}" has no strategy file (*.json)`);
  return mergeStrategies(strategies);
}

/** The sky over a site as the rules ask for it. */
function visibilityOver(site: Site): Visibility {
  return (raDeg, decDeg, tMs) => ({
    altDeg: altAz(site, raDeg, decDeg, tMs).altDeg,
    sunAltDeg: sunAltDeg(site, tMs),
    moonSepDeg: moonSeparationDeg(site, raDeg, decDeg, tMs),
  });
}

/** Guard, parse, associate, decide: one file. */
function feed(file: string, open: Map<string, AlertState>, base: BaseContext): Fed {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return { file, notice: null, decision: ignored(`the file cannot be read: ${(error as Error).message}`) };
  }
  const guarded = guardBytes(bytes);
  if (!guarded.ok)
    return { file, notice: null, decision: ignored(`refused (${guarded.code}): ${guarded.reason}`) };
  let notice: Notice;
  try {
    notice = parseNotice(guarded.text, guarded.format);
  } catch (error) {
    if (!(error instanceof NoticeError)) throw error;
    return { file, notice: null, decision: ignored(`not a notice: ${error.message}`) };
  }
  const nowMs = notice.noticeMs ?? notice.t0Ms ?? 0;
  const taken = takeNotice(notice, [...open.values()], { ...base, nowMs });
  for (const alert of taken.changed) {
    if (alert.members.length === 0) open.delete(alert.alertKey);
    else open.set(alert.alertKey, alert);
  }
  return { file, notice, decision: taken.decision };
}

/** For every member the key of the alert that has it at the end. */
function homesOf(open: ReadonlyMap<string, AlertState>): Map<string, string> {
  const home = new Map<string, string>();
  for (const alert of open.values()) {
    const key = canonicalKey(alert.members);
    for (const member of alert.members) home.set(memberId(member.notice), key);
  }
  return home;
}

function lineOf(
  { file, notice, decision }: Fed,
  home: ReadonlyMap<string, string>,
): Readonly<Record<string, unknown>> {
  const alertKey = notice === null ? null : (home.get(memberId(notice)) ?? null);
  return {
    file,
    ivorn: notice?.ivorn ?? null,
    stream: notice?.stream ?? null,
    role: notice?.role ?? null,
    decision: decision.decision,
    alertKey,
    ...(decision.alertKey === null || decision.alertKey === alertKey
      ? {}
      : { alertKeyThen: decision.alertKey }),
    slew: decision.slew,
    t0: isoOf(notice?.t0Ms ?? null),
    raDeg: notice?.raDeg ?? null,
    decDeg: notice?.decDeg ?? null,
    errorDeg: notice?.errorDeg ?? null,
    quotedErrorDeg: notice?.quotedErrorDeg ?? null,
    classification: notice?.classification ?? null,
    triggerId: notice?.triggerId ?? null,
    rule: decision.rule,
    reason: decision.reason,
    ...(decision.askHuman ? { askHuman: true } : {}),
    ...(decision.withdraw ? { withdraw: true } : {}),
    ...(decision.observableFromMs === null ? {} : { observableFrom: isoOf(decision.observableFromMs) }),
  };
}

function summaryOf(alert: AlertState) {
  return {
    alertKey: canonicalKey(alert.members),
    state: alert.state,
    raDeg: alert.raDeg,
    decDeg: alert.decDeg,
    errorDeg: alert.errorDeg,
    t0: isoOf(alert.t0Ms),
    members: [...new Set(alert.members.map((member) => member.notice.ivorn))].sort(),
    reason: alert.reason,
  };
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
