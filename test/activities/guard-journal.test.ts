import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createGuardJournalImport, type AppendJournal } from "../../activities/guard-journal.ts";
import { journalGuard } from "../../workers/guard/memory.ts";

const CLOCK = { startMs: 1_000_000, anchorMs: 0, rate: 60, epoch: 1 };
let home: string;
let lines: Parameters<AppendJournal>[0][];
let away: boolean;
let takeIn: () => Promise<void>;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "vesper-guard-"));
  lines = [];
  away = false;
  const append: AppendJournal = async (...added) => {
    if (away) throw new Error("the database is away");
    lines.push(...added);
  };
  takeIn = createGuardJournalImport(home, append, () => CLOCK);
});

afterEach(async () => {
  await rm(home, { recursive: true });
});

test("what the guard wrote comes into the journal once, at its time, and waits for the database", async () => {
  await takeIn();
  await journalGuard(home, { wallMs: 100, event: "tripped", why: "It rains." });
  away = true;
  await expect(takeIn()).rejects.toThrow("away");
  away = false;
  await takeIn();
  await takeIn();
  await journalGuard(home, { wallMs: 200, event: "untripped", why: "All well." });
  await takeIn();
  expect(lines).toEqual([
    {
      atWallMs: 100,
      atMs: 1_006_000,
      level: "alarm",
      module: "guard",
      text: "The guard closes the dome. It rains.",
      onceKey: "guard/100/tripped",
    },
    {
      atWallMs: 200,
      atMs: 1_012_000,
      level: "info",
      module: "guard",
      text: "The guard is at ease again. All well.",
      onceKey: "guard/200/untripped",
    },
  ]);
});

test("a line half written is left for the next time, a damaged one is passed over", async () => {
  const file = path.join(home, "guard-journal.jsonl");
  await writeFile(file, 'not JSON\n{"wallMs":1,"event":"tripped","why":"a"}\n{"wallMs":2,"ev');
  await takeIn();
  expect(lines.map(({ atWallMs }) => atWallMs)).toEqual([1]);
  await appendFile(file, 'ent":"tripped","why":"b"}\n');
  await takeIn();
  expect(lines.map(({ atWallMs }) => atWallMs)).toEqual([1, 2]);
});
