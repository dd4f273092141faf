import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { hashPassword } from "../../api/passwords.ts";
import { populate } from "../browser/support/populate.ts";
import { NOW_MS } from "./support/states.ts";
import { PASSWORD, signInAs, startWeb } from "./support/web.ts";
import type { Browser, TestWeb } from "./support/web.ts";

let web: TestWeb;
let browser: Browser;
let home: string;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "vesper-records-"));
  web = await startWeb({
    settings: { home },
  });
  await populate(web.database, home, await hashPassword(PASSWORD));
  browser = await signInAs(web.app, "user@vesper.example");
}, 120_000);
afterAll(async () => {
  await web.stop();
  await rm(home, { recursive: true, force: true });
});

test("the current schedule has its rows in order and its refusals with reasons", async () => {
  const schedule = (await browser.get("/api/schedules/current")).json();
  expect(schedule).toMatchObject({
    nightId: "colibri/2026-11-20",
    reason: "first of the night",
  });
  expect(schedule.total).toBe(schedule.items.length);
  expect(schedule.planned).toBeGreaterThan(10);
  const planned = schedule.items.slice(0, schedule.planned);
  expect(planned.map(({ tspMs }: { tspMs: number }) => tspMs)).toEqual(
    planned.map(({ tspMs }: { tspMs: number }) => tspMs).toSorted((a: number, b: number) => a - b),
  );
  expect(schedule.items.at(-1)).toMatchObject({
    status: "refused",
    tspMs: null,
    reasonCode: "NOT_OBSERVABLE",
  });
  expect((await browser.get(`/api/schedules/${schedule.id}`)).json()).toEqual(schedule);
  const list = (await browser.get("/api/schedules?nightId=colibri/2026-11-20")).json();
  expect(list).toMatchObject({
    total: 1,
    items: [{ id: schedule.id, planned: schedule.planned, refused: schedule.refused }],
  });
});

test("the page says each refusal in words, folded by request, and what was really observed", async () => {
  const page = (await browser.get("/schedule")).body;
  expect(page).toContain("It is above 20° only 02:10 to 02:25 UTC (15 min) and needs 21 min.");
  expect(page).toContain("more of this request");
  expect(page).toContain("<h2>Observed</h2>");
  expect(page).toContain("An alert took the telescope; 3 of 5 frames are kept.");
});

test("the timeline is drawn in the colours of the theme", async () => {
  const { id } = (await browser.get("/api/schedules/current")).json();
  const draw = async (theme: string) =>
    web.app.inject({
      url: `/schedule/${id}/timeline.svg?width=1200`,
      headers: { cookie: `${browser.cookie}; vesper_theme=${theme}` },
    });
  const dark = await draw("dark");
  expect(dark.headers["content-type"]).toContain("image/svg+xml");
  expect(dark.body).toContain("cut short");
  const red = (await draw("red")).body;
  const colours = [...red.matchAll(/#([0-9a-f]{6})\b/gi)].map(([, hex = ""]) => hex);
  expect(colours.length).toBeGreaterThan(5);
  expect(colours.filter((hex) => !/^..0000$/.test(hex))).toEqual([]);
});

test("an image is downloaded as FITS and as PNG; its page has the header", async () => {
  const list = (await browser.get("/api/images?limit=2")).json();
  expect(list.total).toBe(6);
  expect(list.items).toHaveLength(2);
  const [image] = list.items;
  expect(image.startMs).toBeLessThan(NOW_MS);
  const fits = await browser.get(image.fits);
  expect(fits.headers["content-type"]).toBe("application/fits");
  expect(fits.headers["content-disposition"]).toContain(".fits");
  expect(fits.body.startsWith("SIMPLE")).toBe(true);
  const png = await browser.get(image.png);
  expect(png.headers["content-type"]).toBe("image/png");
  expect(png.rawPayload.subarray(1, 4).toString()).toBe("PNG");
  const one = (await browser.get(`/api/images/${image.id}`)).json();
  expect(one.header).toMatchObject({ BITPIX: 16 });
  expect((await browser.get(`/images/${image.id}`)).body).toContain("BITPIX");
});

test("a file outside VESPER_HOME is not served, whatever the database says; a lost one is said", async () => {
  const [image] = (await web.database.images.list({ limit: 1 })).items;
  if (image === undefined) throw new Error("no image");
  const outside = { ...image, path: "../../etc/passwd" };
  await expect(web.database.images.upsert(outside)).rejects.toThrow(/image_path_check/);
  // The pages do not rely on what the database forbids.
  await web.database.orm.em.fork().execute("alter table image drop constraint image_path_check");
  await web.database.images.upsert(outside);
  expect((await browser.get(`/api/images/${image.id}.fits`)).statusCode).toBe(404);
  await web.database.images.upsert({ ...image, path: "images/gone.fits" });
  const lost = await browser.get(`/api/images/${image.id}.fits`);
  expect(lost.statusCode).toBe(404);
  expect(lost.json().detail).toContain("not on this disk any more");
});

test("a request has its sequences, albums and plans; lists page and filter", async () => {
  const list = (await browser.get("/api/requests?limit=5&offset=5&kind=routine")).json();
  expect(list.items).toHaveLength(5);
  expect(list.total).toBe(40);
  const [first] = list.items;
  const one = (await browser.get(`/api/requests/${first.id}`)).json();
  expect(one.sequences[0].albums[0].plans[0]).toMatchObject({ filter: expect.stringMatching(/^[grizYJH]$/) });
  expect((await browser.get(`/requests/${first.id}`)).body).toContain(first.name);
  expect((await browser.get("/requests?text=Andromeda-is-not-here")).body).toContain("No request matches");
  const wrong = await browser.get("/api/requests?limit=0");
  expect(wrong.statusCode).toBe(400);
  expect(wrong.json().detail).toContain('"limit"');
});

test("quota says what each programme has left", async () => {
  const { items } = (await browser.get("/api/quota")).json();
  expect(items.length).toBeGreaterThan(1);
  for (const balance of items) {
    expect(balance.availableS).toBeCloseTo(balance.grantedS - balance.openS - balance.spentS, 3);
  }
});
