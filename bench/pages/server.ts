/**
 * The web as a process of its own for bench/pages/run.ts: the real app on the database given, on its own port, with
 * Temporal's answers stood in for (a night that observes): what is measured is pages and database.
 * Prints one line of JSON when it listens: {port, routes}.
 */
import { buildApp } from "../../api/app.ts";
import { createNotificationListener } from "../../db/notify.ts";
import { openDatabase } from "../../db/orm.ts";
import { FakeGateway } from "../../test/api/support/gateway.ts";
import { fakeMembership } from "../../test/api/support/membership.ts";
import { NOW_MS } from "../../test/api/support/states.ts";
import { observatory, WEB_SETTINGS } from "../../test/api/support/web.ts";

const url = process.argv[2] ?? "";
const home = process.argv[3] ?? "/nonexistent";
const startedWallMs = Date.now();
const database = await openDatabase(url);
const notifications = await createNotificationListener(url, {});
const app = await buildApp({
  settings: { ...WEB_SETTINGS, home },
  database,
  gateway: new FakeGateway(),
  membership: fakeMembership(database, Date.now),
  observatory,
  // The observatory's night goes on from the instant of the demonstration's rows.
  clock: () => ({ startMs: NOW_MS, anchorMs: startedWallMs, rate: 1, epoch: 0 }),
  intake: {
    take: async () => ({ kind: "refused", code: "malformed", reason: "the bench takes no notices" }),
  },
  notifications,
  nowWallMs: Date.now,
});
await app.listen({ host: "127.0.0.1", port: 0 });
const address = app.server.address();
const port = typeof address === "object" ? address?.port : 0;
process.stdout.write(`${JSON.stringify({ port, routes: [...app.guardedRoutes.keys()] })}\n`);
// Ends with its parent.
process.stdin.resume().on("end", () => {
  app
    .close()
    .then(() => notifications.close())
    .then(() => database.close())
    .catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
});
