import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { waitFor } from "../../support/stack.ts";
import { note, PATIENCE_MS, type TheStack } from "../kit.ts";

const SEQUENCES = 2;

/** What the night has left behind: sequences, schedules, files. */
export function imageChecks(the: TheStack): void {
  test(
    `${SEQUENCES} routine sequences are observed with all their frames`,
    async () => {
      const stack = the();
      const observed = await waitFor(
        `${SEQUENCES} sequences are executed`,
        4 * PATIENCE_MS,
        async () => {
          const rows = await stack.query<{ id: string; planned: number; stored: number }>(EXECUTED);
          return rows.length >= SEQUENCES ? rows : null;
        },
        () => stack.query("select id, status, status_reason from sequence where attempt > 0"),
      );
      for (const { id, planned, stored } of observed) expect([id, stored]).toEqual([id, planned]);
    },
    5 * PATIENCE_MS,
  );

  test("each planned frame has at most one stored image, and files and rows agree", async () => {
    const stack = the();
    const twice = await stack.query(
      "select plan_id, n from exposure where state = 'stored' group by plan_id, n having count(*) > 1",
    );
    expect(twice).toEqual([]);
    const torn = await stack.query(
      "select exposure.id from exposure left join image on image.exposure_id = exposure.id where (exposure.state = 'stored') <> (image.id is not null)",
    );
    expect(torn).toEqual([]);
    const images = await stack.query<{ path: string; sha256: string }>("select path, sha256 from image");
    expect(images.length).toBeGreaterThan(10);
    const wrong = images.filter(
      ({ path: file, sha256 }) =>
        createHash("sha256")
          .update(readFileSync(path.join(stack.home, file)))
          .digest("hex") !== sha256,
    );
    expect(wrong).toEqual([]);
    const files = readdirSync(path.join(stack.home, "images"), { recursive: true, encoding: "utf8" });
    const rows = new Set(images.map(({ path: file }) => file));
    // A frame may have been stored since the rows were read.
    const now = await stack.query<{ path: string }>("select path from image");
    for (const { path: file } of now) rows.add(file);
    const orphans = files.filter((file) => file.endsWith(".fits") && !rows.has(path.join("images", file)));
    expect(orphans).toEqual([]);
  }, 60_000);

  const fitsverify = hasFitsverify() ? test : test.skip;
  fitsverify(
    "every image passes fitsverify",
    async () => {
      const stack = the();
      const images = await stack.query<{ path: string }>("select path from image");
      const startedMs = Date.now();
      const files = images.map(({ path: file }) => path.join(stack.home, file));
      const { stdout } = await promisify(execFile)("fitsverify", ["-q", ...files], { maxBuffer: 1e7 });
      note(`fitsverify of ${files.length} images`, Date.now() - startedMs);
      const lines = stdout.trim().split("\n");
      expect(lines.filter((line) => !line.startsWith("verification OK"))).toEqual([]);
      expect(lines).toHaveLength(files.length);
    },
    2 * PATIENCE_MS,
  );

  test("the schedule has refusals, each with its reason, and no row was begun outside its limits", async () => {
    const stack = the();
    const { status, body } = await stack.api("/api/schedules/current");
    expect(status).toBe(200);
    const refused = body.items.filter((row: any) => row.status === "refused");
    expect(refused.length).toBeGreaterThan(0);
    for (const { sequenceId, reason, reasonCode } of refused) {
      expect([sequenceId, typeof reasonCode, reason]).toEqual([
        sequenceId,
        "string",
        expect.stringMatching(/\w{4,}/),
      ]);
    }
    const outside = await stack.query(
      `select s.sequence_id, s.schedule_id, s.tsp_at, s.delta_tl_ms, s.delta_tr_ms, min(e.intended_start_at) as first
       from scheduled_sequence s
       join plan p on p.album_id in (select id from album where sequence_id = s.sequence_id)
       join schedule on schedule.id = s.schedule_id
       join exposure e on e.plan_id = p.id and e.intended_start_at >= schedule.made_at
       where s.status in ('done', 'executing')
       group by s.sequence_id, s.schedule_id, s.tsp_at, s.delta_tl_ms, s.delta_tr_ms
       having min(e.intended_start_at) < s.tsp_at - s.delta_tl_ms * interval '1 ms'`,
    );
    expect(outside).toEqual([]);
  });
}

/** Executed routine sequences with their planned frames and the frames that are stored. */
const EXECUTED = `
  select s.id,
    (select sum(p.count)::int from plan p join album a on a.id = p.album_id where a.sequence_id = s.id) as planned,
    (select count(*)::int from image i where i.sequence_id = s.id) as stored
  from sequence s join request r on r.id = s.request_id
  where s.status = 'executed' and r.alert_key is null`;

function hasFitsverify(): boolean {
  try {
    execFileSync("which", ["fitsverify"]);
    return true;
  } catch {
    return false;
  }
}
