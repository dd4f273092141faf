import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { applyMove, applyNotice, ignored } from "../../domain/alerts/decide.ts";
import { associate } from "../../domain/alerts/associate.ts";
import type { AlertState } from "../../domain/alerts/alert-state.ts";
import { memberId } from "../../domain/alerts/alert-state.ts";
import type { Decision, DecisionContext } from "../../domain/alerts/decide.ts";
import { guardBytes } from "../../domain/alerts/guard.ts";
import { NoticeError, parseNotice } from "../../domain/alerts/parse.ts";
import type { Notice } from "../../domain/alerts/parse.ts";
import type { Strategy } from "../../domain/strategies/strategy.ts";

export async function decideCommand(args: string[]): Promise<number> {
  const files = args.filter((a) => !a.startsWith("--"));
  const strategy = JSON.parse(
    readFileSync(new URL("../../observatories/strategies/default.json", import.meta.url), "utf8"),
  ) as Strategy;
  const alerts = new Map<string, AlertState>();
  const lines: Record<string, unknown>[] = [];
  for (const file of files) {
    const guarded = guardBytes(readFileSync(file));
    let notice: Notice | null = null;
    let decision: Decision;
    if (!guarded.ok) decision = ignored(guarded.reason);
    else {
      try {
        notice = parseNotice(guarded.text, guarded.format);
        decision = take(notice, alerts, strategy);
      } catch (error) {
        if (!(error instanceof NoticeError)) throw error;
        decision = ignored(error.message);
      }
    }
    lines.push({
      file,
      ivorn: notice?.ivorn ?? null,
      stream: notice?.stream ?? null,
      role: notice?.role ?? null,
      decision: decision.decision,
      alertKey: decision.alertKey,
      slew: decision.slew,
      rule: decision.rule,
      reason: decision.reason,
    });
  }
  for (const line of lines) console.log(JSON.stringify(line));
  console.log(
    JSON.stringify({
      alerts: [...alerts.values()].map((a) => ({
        alertKey: a.alertKey,
        state: a.state,
        raDeg: a.raDeg,
        decDeg: a.decDeg,
        errorDeg: a.errorDeg,
        t0: a.t0Ms,
        members: a.members.map((m) => m.notice.ivorn),
      })),
    }),
  );
  return 0;
}

function take(notice: Notice, alerts: Map<string, AlertState>, strategy: Strategy): Decision {
  const association = associate(notice, [...alerts.values()]);
  if (association.kind === "none") return ignored(association.why);
  const context: DecisionContext = { strategy, nowMs: notice.noticeMs ?? notice.t0Ms ?? 0 };
  for (const move of association.moves) {
    const from = alerts.get(move.fromKey);
    if (from === undefined) continue;
    const add = from.members.filter((m) => move.memberIds.includes(memberId(m.notice)));
    const left = applyMove(
      from,
      { add: [], removeIds: move.memberIds, why: move.why },
      { ...context, alertKey: move.fromKey },
    );
    if (left.state.members.length === 0) alerts.delete(move.fromKey);
    else alerts.set(move.fromKey, left.state);
    if (add.length > 0) {
      const right = applyMove(
        alerts.get(move.toKey) ?? null,
        { add, removeIds: [], why: move.why },
        { ...context, alertKey: move.toKey },
      );
      alerts.set(move.toKey, right.state);
    }
  }
  const { state, decision } = applyNotice(alerts.get(association.alertKey) ?? null, notice, {
    ...context,
    alertKey: association.alertKey,
  });
  alerts.set(association.alertKey, state);
  return { ...decision, alertKey: association.alertKey };
}
void readdirSync;
void join;
