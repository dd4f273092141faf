import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import { guardBytes } from "../../domain/alerts/guard.ts";
import { NoticeError, parseNotice } from "../../domain/alerts/parse.ts";
import type { Notice } from "../../domain/alerts/parse.ts";
import { parseUtcMs } from "../../domain/alerts/utc.ts";
import { hasMorePackets, MORE_PACKETS } from "./packets.ts";

interface Entry {
  readonly file: string;
  readonly line: string;
}

/** The lines of the index that describe a file that is there. */
function entries(): Entry[] {
  const found: Entry[] = [];
  let folder = "";
  for (const line of readFileSync(path.join(MORE_PACKETS, "INDEX.md"), "utf8").split("\n").slice(86)) {
    const heading = /^## (\S+)$/.exec(line)?.[1];
    if (heading !== undefined) folder = heading;
    const name = /^- `([^`]+)`/.exec(line)?.[1];
    if (name !== undefined && folder !== "")
      found.push({ file: path.join(MORE_PACKETS, folder, name), line });
  }
  return found;
}

function read(file: string): Notice | string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch {
    return "absent";
  }
  const guarded = guardBytes(bytes);
  if (!guarded.ok) return guarded.reason;
  try {
    return parseNotice(guarded.text, guarded.format);
  } catch (error) {
    if (error instanceof NoticeError) return error.message;
    throw error;
  }
}

const inCollection = hasMorePackets ? describe : describe.skip;

inCollection("the collection of packets and its index", () => {
  const all = hasMorePackets ? entries() : [];
  const notices = all.map((entry) => ({ ...entry, notice: read(entry.file) }));

  test("every file is read, or refused with a reason", () => {
    const present = notices.filter(({ notice }) => notice !== "absent");
    expect(present.length).toBeGreaterThan(280);
    const refused = present
      .filter(({ notice }) => typeof notice === "string")
      .map(({ file }) => path.basename(file));
    const strange = refused.filter(
      (name) => !/schema|\.xsd$|^DUMMY_(?!VOEVENT)|^malicious|^quakeml/.test(name),
    );
    expect(strange).toEqual([]);
  });

  test("role, T0, position, error and trigger id of every VOEvent are as the index has them", () => {
    let checked = 0;
    const wrong: string[] = [];
    for (const { file, line, notice } of notices) {
      const fields = /\*\*(\d+ .*?|None )\*\* \| (.*?) \| (\S+) \| (\S+) \| (.*?) \|/.exec(line);
      if (fields === null || typeof notice === "string") continue;
      checked += 1;
      const [, type = "", triggerId = "", role = "", t0 = "", position = ""] = fields;
      const name = path.basename(file);
      const check = (what: string, found: unknown, expected: unknown) => {
        if (found !== expected)
          wrong.push(`${name}: ${what} is ${String(found)}, the index has ${String(expected)}`);
      };
      if (role !== "None") check("role", notice.role, role);
      if (t0 !== "None") check("t0", notice.t0Ms, parseUtcMs(t0));
      if (/^\d/.test(type)) check("packet type", notice.packetType, Number(type.split(" ")[0]));
      if (triggerId !== "-" && /^\d/.test(type)) check("trigger id", notice.triggerId, triggerId);
      const place = /^(-?[\d.]+),(-?[\d.]+) ±(-?[\d.]+)/.exec(position);
      if (place === null) {
        check("position", notice.raDeg, null);
        continue;
      }
      const [raDeg, decDeg, errorDeg] = [Number(place[1]), Number(place[2]), Number(place[3])];
      check("error", notice.quotedErrorDeg, errorDeg);
      if (notice.raDeg === null) {
        // Coordinates that are no position of the source must say so.
        if (notice.positionNote === null)
          wrong.push(`${name}: the position ${position} was dropped without a note`);
      } else {
        if (Math.abs(notice.raDeg - raDeg) > 1e-4 || Math.abs((notice.decDeg ?? 99) - decDeg) > 1e-4)
          check("position", notice.raDeg, raDeg);
      }
    }
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(170);
  });

  test("JSON notices are as the index has them", () => {
    let checked = 0;
    for (const { line, notice } of notices) {
      if (typeof notice === "string" || !notice.format.endsWith("-json") || notice.format === "voevent-json")
        continue;
      const field = (name: string) => new RegExp(`[; ]${name}=([^;]+)`).exec(line)?.[1]?.trim();
      const [ra, dec, t0] = [field("ra"), field("dec"), field("trigger_time")];
      if (ra !== undefined) expect(notice.raDeg).toBe(Number(ra));
      if (dec !== undefined) expect(notice.decDeg).toBe(Number(dec));
      if (t0 !== undefined) expect(notice.t0Ms).toBe(parseUtcMs(t0));
      const id = field("id");
      if (id !== undefined && notice.format === "gcn-json") expect(id).toContain(notice.triggerId ?? "?");
      checked += 1;
    }
    expect(checked).toBeGreaterThan(35);
  });
});
