import { expect, test } from "@jest/globals";
import { createPlanningThread, plan, planInThread, ProblemError, type Problem } from "../index.ts";

const problem: Problem = {
  schema: "vesper-scheduling-problem/1",
  night: { startUnixMs: 0, lengthMs: 36_000_000 },
  nowMs: 0,
  owners: { team: {} },
  sequences: Array.from({ length: 40 }, (_, k) => ({
    id: `s${k}`,
    owner: "team",
    priority: 10 + k,
    durationMs: 1_000_000 + 37_000 * k,
    overheadMs: 30_000,
    windows: [{ startMs: 300_000 * k, endMs: 300_000 * k + 9_000_000 }],
    preferredMs: null,
  })),
};

test("a thread gives the bytes that plan gives", async () => {
  const options = { policy: "value", iterations: 200, seed: 7 } as const;
  const schedule = await planInThread(problem, options, AbortSignal.timeout(20_000));
  expect(JSON.stringify(schedule)).toBe(JSON.stringify(plan(problem, options)));
});

test("a fault of the document comes back as a ProblemError with its path", async () => {
  const broken = { ...problem, nowMs: 0.5 };
  await expect(planInThread(broken, {}, AbortSignal.timeout(20_000))).rejects.toThrow(ProblemError);
  await expect(planInThread(broken, {}, AbortSignal.timeout(20_000))).rejects.toMatchObject({
    path: "/nowMs",
  });
});

test("an abort ends a long search at once", async () => {
  const abort = new AbortController();
  const planning = planInThread(problem, { policy: "value", budgetMs: 60_000 }, abort.signal);
  setTimeout(() => abort.abort(new Error("withdrawn")), 100);
  await expect(planning).rejects.toThrow("withdrawn");
});

test("a kept thread plans again, also after a fault of a document and after an abort, and can be closed", async () => {
  const thread = createPlanningThread();
  try {
    const options = { policy: "value", iterations: 50 } as const;
    const bytes = JSON.stringify(plan(problem, options));
    const again = async (): Promise<string> =>
      JSON.stringify(await thread.plan(problem, options, AbortSignal.timeout(20_000)));
    expect(await Promise.all([again(), again()])).toEqual([bytes, bytes]);
    await expect(thread.plan({ ...problem, nowMs: 0.5 }, {}, AbortSignal.timeout(20_000))).rejects.toThrow(
      "/nowMs",
    );
    await expect(
      thread.plan(problem, { policy: "value", budgetMs: 60_000 }, AbortSignal.timeout(50)),
    ).rejects.toThrow("timeout");
    expect(await again()).toBe(bytes);
    await expect(thread.plan(problem, options, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  } finally {
    await thread.close();
  }
});
