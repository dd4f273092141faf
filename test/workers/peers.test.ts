/** Control workers look after each other. */
import { expect, test } from "@jest/globals";
import type { DeadWorker } from "../../adapters/temporal/free-tasks.ts";
import { watchPeers } from "../../workers/peers.ts";

const LIMIT_MS = 10_000;

/** A group whose members are told what is in `here`; null: the connection is lost. */
function rig() {
  const state = {
    here: ["1@one", "2@two"] as string[] | null,
    joined: 0,
    refused: 0,
    looks: 0,
    freed: [] as string[],
    told: [] as string[],
    problems: [] as string[],
  };
  const peers = watchPeers({
    join: async () => {
      if (state.here === null) {
        state.refused += 1;
        throw new Error("no database");
      }
      state.joined += 1;
      return {
        others: async () => {
          state.looks += 1;
          if (state.here === null) throw new Error("connection lost");
          return state.here;
        },
        close: async () => undefined,
      };
    },
    freeTasksOf: async ({ identity }: DeadWorker) => {
      state.freed.push(identity);
      return identity === "1@one" ? ["night/x"] : [];
    },
    onFreed: ({ identity }, ids) => state.told.push(`${identity}: ${ids.join()}`),
    onProblem: ({ message }) => state.problems.push(message),
    nowWallMs: Date.now,
  });
  return { state, peers };
}

async function until(what: () => boolean): Promise<void> {
  const endMs = Date.now() + LIMIT_MS;
  while (!what()) {
    if (Date.now() > endMs) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function twoLooks({ looks }: { looks: number }, state: { looks: number }): Promise<void> {
  await until(() => state.looks >= looks + 2);
}

test("what one that is gone had begun is given back, once; one that had nothing is no news", async () => {
  const { state, peers } = rig();
  await until(() => state.looks > 0);
  state.here = [];
  await until(() => state.freed.length === 2);
  await twoLooks({ ...state }, state);
  await peers.close();
  expect(state.freed.toSorted()).toEqual(["1@one", "2@two"]);
  expect(state.told).toEqual(["1@one: night/x"]);
});

test("a database that was away makes nobody dead: it joins again and begins anew", async () => {
  const { state, peers } = rig();
  await until(() => state.looks > 0);
  state.here = null;
  await until(() => state.refused > 1);
  state.here = ["2@two"];
  await until(() => state.joined === 2);
  await twoLooks({ ...state }, state);
  expect(state.freed).toEqual([]);
  state.here = [];
  await until(() => state.freed.length === 1);
  await peers.close();
  expect(state.freed).toEqual(["2@two"]);
  expect(state.problems).toEqual(["connection lost"]);
});
