import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { signInAs, startWeb, observatory } from "./support/web.ts";
import type { TestWeb } from "./support/web.ts";

const SITE = observatory.site.id;
let web: TestWeb;

beforeAll(async () => {
  web = await startWeb();
}, 120_000);
afterAll(async () => web.stop());

const ALARM = {
  key: "device:camera-vis",
  level: "HIGH" as const,
  text: "Visible camera does not work. Observing waits for it.",
  guidance: "Look whether it has power.",
  page: "/night",
  hiddenBy: null,
};

async function raise(...alarms: (typeof ALARM)[]): Promise<void> {
  await web.database.alarms.sync({ site: SITE, alarms, atMs: web.clock.wallMs, wallMs: web.clock.wallMs });
}

test("without alarms the page says so and no chip is shown", async () => {
  const browser = await web.signIn("user");
  const page = await browser.get("/alarms");
  expect(page.statusCode).toBe(200);
  expect(page.body).toMatch(/No alarm: nobody is needed\./);
  expect(page.body).not.toMatch(/data-alarms/);
});

test("a raised alarm is on every page, says what to do, and is acknowledged by an operator alone", async () => {
  await raise(ALARM);
  web.clock.wallMs += 2_000;
  const user = await web.signIn("user");
  for (const path of ["/", "/night", "/alarms", "/requests"]) {
    const { body } = await user.get(path);
    expect(body).toMatch(/1\u00a0alarm<span class="wide-only">, 1 new</);
    expect(body).toContain("<title>(!1) ");
  }
  const page = (await user.get("/alarms")).body;
  expect(page).toMatch(/Look whether it has power/);
  expect(page).not.toMatch(/\/acknowledge"/);
  const [alarm] = await web.database.alarms.open(SITE);
  const url = `/alarms/${alarm?.id}/acknowledge`;
  expect((await user.post(url, { note: "x" })).statusCode).toBe(403);

  const operator = await web.signIn("operator");
  expect((await operator.get("/alarms")).body).toContain(url);
  expect((await operator.post(url, { note: "on my way" })).statusCode).toBe(303);
  const after = (await operator.get("/alarms")).body;
  expect(after).toMatch(/Acknowledged by .*: on my way/);
  expect(after).toMatch(/1\u00a0alarm</);
  // Nothing of the cause has changed: it is still raised.
  expect(await web.database.alarms.open(SITE)).toMatchObject([{ returnedWallMs: null, note: "on my way" }]);
});

test("the JSON list and the acknowledgement by a program", async () => {
  const hidden = { ...ALARM, key: "plc:fire", hiddenBy: "device:plc" as string };
  await raise(ALARM, hidden as never, { ...ALARM, key: "disk-low" });
  const authorization = `Bearer ${await web.token("operator")}`;
  const list = await web.app.inject({ url: "/api/alarms", headers: { authorization } });
  expect(list.json().total).toBe(3);
  const disk = list.json().items.find(({ key }: { key: string }) => key === "disk-low");
  const done = await web.app.inject({
    method: "POST",
    url: `/api/alarms/${disk.id}/acknowledge`,
    headers: { authorization },
  });
  expect(done.statusCode).toBe(200);
  expect(done.json()).toMatchObject({ key: "disk-low", acknowledgedWallMs: web.clock.wallMs });
  const none = await web.app.inject({
    method: "POST",
    url: "/api/alarms/99999/acknowledge",
    headers: { authorization },
  });
  expect(none.statusCode).toBe(404);
  const lines = await web.database.journal.list({ module: "alarm" });
  expect(lines.items[0]?.text).toMatch(/acknowledged the alarm disk-low/);
});

test("what is over is shown until somebody acknowledges it, and the history keeps it", async () => {
  await raise();
  const browser = await signInAs(web.app, "operator@vesper.example").catch(() => web.signIn("operator"));
  const page = (await browser.get("/alarms")).body;
  expect(page).toMatch(/Nothing is wrong now/);
  expect(page).toMatch(/plc:fire/);
  const all = await web.database.alarms.list({ site: SITE });
  expect(all.total).toBe(3);
});
