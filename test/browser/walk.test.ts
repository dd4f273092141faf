import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pino from "pino";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { hashPassword } from "../../api/passwords.ts";
import { createIntake } from "../../ingest/intake.ts";
import type { Intake } from "../../ingest/intake.ts";
import { FakeGateway } from "../api/support/gateway.ts";
import { NOW_MS, observatoryState } from "../api/support/states.ts";
import { observatory, PASSWORD, startWeb } from "../api/support/web.ts";
import type { TestWeb } from "../api/support/web.ts";
import { chromiumPath, launchChromium } from "./support/chromium.ts";
import { populate } from "./support/populate.ts";

const shots = fileURLToPath(new URL("../../test-results/browser/", import.meta.url));
const home = mkdtempSync(path.join(tmpdir(), "vesper-walk-"));

/** Where the night is in this test; the wall clock goes on from there. */
const began = Date.now();
const clock = { startMs: NOW_MS, anchorMs: began, rate: 1, epoch: 1 };

let web: TestWeb;
let browser: Browser;
let base = "";
let intake: Intake;
let failures: string[] = [];

const suite = chromiumPath === null ? describe.skip : describe;
if (chromiumPath === null) console.warn("No Chromium on this machine: the browser tests are skipped.");

suite("in a browser", () => {
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    web = await startWeb({
      settings: { home },
      clock: () => clock,
      nowWallMs: () => Date.now(),
      log: pino({ level: "error" }, { write: (line) => failures.push(line) }),
      intake: { take: async (...args) => intake.take(...args) },
    });
    intake = createIntake({
      database: web.database,
      client: {
        withDeadline: async (_deadline: unknown, call: () => Promise<unknown>) => call(),
        workflow: { signalWithStart: async () => ({}) },
      } as never,
      observatory,
      clock: () => clock,
      wallMs: () => Date.now(),
      onProblem: () => undefined,
    });
    await populate(web.database, home, await hashPassword(PASSWORD));
    await web.app.listen({ host: "127.0.0.1", port: 0 });
    base = `http://127.0.0.1:${(web.app.server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    await web.stop();
    rmSync(home, { recursive: true, force: true });
  });
  beforeEach(() => {
    failures = [];
    web.gateway.state = observatoryState({ clock });
    web.gateway.outcome = null;
    web.gateway.commands.length = 0;
  });

  /** A context that is signed in; whatever the page complains of is a failure of the test. */
  async function signedIn(
    options: { profile?: string; width?: number; javaScript?: boolean } = {},
  ): Promise<Page> {
    const { profile = "admin", width = 1_280, javaScript = true } = options;
    const context: BrowserContext = await browser.newContext({
      viewport: { width, height: width < 500 ? 667 : 800 },
      javaScriptEnabled: javaScript,
      baseURL: base,
    });
    // Enough for a machine that is busy with other tests.
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") failures.push(`${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => failures.push(error.message));
    await page.goto("/sign-in");
    await page.getByLabel("Mail address").fill(`${profile}@vesper.example`);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${base}/`);
    return page;
  }

  async function pagesToSee(page: Page): Promise<[name: string, url: string][]> {
    await page.goto("/alerts");
    if (await page.getByText("No alert has come yet").isVisible()) {
      await page.getByRole("button", { name: "Fire a test alert…" }).click();
      await page.getByRole("button", { name: "Fire the test alert" }).click();
      await page.waitForURL(/\/alerts\/\w+-/);
    }
    const [alert] = (await web.database.alerts.list({ limit: 1 })).items;
    const [image] = (await web.database.images.list({ limit: 1 })).items;
    return [
      ["home", "/"],
      ["night", "/night"],
      ["schedule", "/schedule"],
      ["schedules", "/schedules"],
      ["requests", "/requests"],
      [
        "request",
        `/requests/${(await web.database.requests.list({ kind: "routine", limit: 500 })).items.at(-1)?.id}`,
      ],
      ["alerts", "/alerts"],
      ["alert", `/alerts/${alert?.key}`],
      ["images", "/images"],
      ["image", `/images/${image?.id}`],
      ["outbox", "/outbox"],
      ["message", "/outbox/1"],
      ["system", "/system"],
      ["resume", "/night/resume"],
      ["not-found", "/nothing-here"],
    ];
  }

  // What holds for every page stands in statements.test.ts: these are the pictures that are kept of the run.
  test.each([1_280, 375])(
    "every page at %i px: nothing scrolls sideways, nothing complains",
    async (width) => {
      const page = await signedIn({ width });
      for (const [name, url] of await pagesToSee(page)) {
        await page.goto(url, { waitUntil: "load" });
        await page.screenshot({
          path: path.join(shots, `dark-${width}-${name}.png`),
          fullPage: width === 1_280,
        });
        const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect([name, wide]).toEqual([name, 0]);
      }
      expect(failures.filter((text) => !text.includes("404"))).toEqual([]);
      await page.context().close();
    },
    180_000,
  );

  test("the light theme, for print and day", async () => {
    const page = await signedIn();
    await page.getByRole("button", { name: "Light" }).click();
    for (const [name, url] of (await pagesToSee(page)).slice(0, 8)) {
      await page.goto(url, { waitUntil: "load" });
      await page.screenshot({ path: path.join(shots, `light-1280-${name}.png`), fullPage: true });
    }
    expect(failures).toEqual([]);
    await page.context().close();
  }, 180_000);

  test("without JavaScript: sign in, pause, resume with its question, close", async () => {
    const page = await signedIn({ javaScript: false, profile: "operator" });
    await page.goto("/night");
    await page.getByRole("button", { name: "Pause now" }).click();
    await page.getByRole("link", { name: "Resume…" }).click();
    await page.getByRole("button", { name: "Resume observing" }).click();
    web.gateway.outcome = { kind: "refused", reason: "The dome is closing already." };
    await page.getByLabel("Commands").getByRole("button", { name: "Close dome" }).click();
    await page.getByText("The dome is closing already.").waitFor();
    expect(web.gateway.commands).toEqual([
      "pause now operator@vesper.example",
      "resume operator@vesper.example",
      "close operator@vesper.example",
    ]);
    await page.context().close();
  }, 180_000);

  test("a question opens as a dialog, Escape closes it and gives the focus back", async () => {
    const page = await signedIn({ profile: "operator" });
    await page.goto("/night");
    await page.getByRole("link", { name: "End the night…" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "End the night?" }).waitFor();
    await page.screenshot({ path: path.join(shots, "dark-1280-dialog.png") });
    await page.keyboard.press("Escape");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("End the night…");
    await page.getByRole("link", { name: "End the night…" }).click();
    await page.getByRole("button", { name: "End the night", exact: true }).click();
    await page.waitForURL(`${base}/night`);
    expect(web.gateway.commands).toEqual(["endNight operator@vesper.example"]);
    expect(failures).toEqual([]);
    await page.context().close();
  }, 180_000);

  test("pages move by themselves: mode, journal lines, the clock; a silent server is said", async () => {
    const page = await signedIn();
    await page.goto("/system");
    await page.getByText("RUNNING").waitFor();
    await web.database.journal.append({
      atWallMs: Date.now(),
      atMs: NOW_MS,
      level: "info",
      module: "test",
      text: "A line that came while the page was open.",
    });
    const { items } = await web.database.journal.list({ limit: 1 });
    const sentMs = Date.now();
    web.notify("journal_entry", String(items[0]?.id));
    await page.getByText("A line that came while the page was open.").waitFor({ timeout: 2_000 });
    expect(Date.now() - sentMs).toBeLessThan(5_000);

    web.gateway.state = observatoryState({
      clock,
      mode: "CLOSED",
      holds: [
        {
          kind: "weather",
          who: "weather station",
          why: "Humidity is 91 %, limit 85 %.",
          sinceMs: NOW_MS,
          sinceWallMs: began,
        },
      ],
    });
    await page.locator("#status").getByText("CLOSED").first().waitFor({ timeout: 5_000 });
    await page.goto("/night");
    await page.getByText("Humidity is 91 %").first().waitFor();
    await page.screenshot({ path: path.join(shots, "dark-1280-night-held.png"), fullPage: true });

    const before = await page.locator("#clock").textContent();
    await page
      .locator("#clock")
      .filter({ hasNotText: before ?? "" })
      .waitFor({ timeout: 15_000 });
    expect(failures).toEqual([]);

    await page.context().setOffline(true);
    web.app.server.closeAllConnections();
    await page.getByText(/NOT LIVE since/).waitFor({ timeout: 20_000 });
    await page.context().setOffline(false);
    await page.getByText(/NOT LIVE since/).waitFor({ state: "hidden", timeout: 20_000 });
    await page.context().close();
  }, 180_000);

  // The last one: the web that the others look at ends here.
  test("the web is killed under open pages and comes back, over a proxy's 503: they say so, are live again by themselves and show what they missed", async () => {
    const system = await signedIn();
    await system.goto("/system");
    const schedule = await system.context().newPage();
    await schedule.goto("/schedule", { waitUntil: "load" });
    await Promise.all([system, schedule].map(async (page) => page.evaluate("window.loadedOnce = true")));
    await system.locator("#status").getByText("RUNNING").waitFor();

    const { port } = web.app.server.address() as AddressInfo;
    await web.app.close();
    await web.database.journal.append({
      atWallMs: Date.now(),
      atMs: NOW_MS,
      level: "warning",
      module: "test",
      text: "A line that came while the web was down.",
    });
    const held = { kind: "operator", who: "test", why: "Somebody has paused." } as const;
    const gateway = new FakeGateway();
    gateway.state = observatoryState({
      clock,
      mode: "PAUSED",
      holds: [{ ...held, sinceMs: NOW_MS, sinceWallMs: Date.now() }],
    });
    const comesBack = await web.another({ gateway });
    for (const page of [system, schedule]) await page.getByText(/NOT LIVE since/).waitFor();

    // A proxy answers before the web behind it does: a plain EventSource would give up here.
    const refused: string[] = [];
    await system.context().route("**/events?*", async (route) => {
      refused.push(route.request().url());
      await route.fulfill({ status: 503, body: "" });
    });
    await comesBack.listen({ host: "127.0.0.1", port });
    const since = Date.now();
    while (refused.length < 2 && Date.now() - since < 30_000) await system.waitForTimeout(100);
    const fetched = schedule.waitForResponse((answer) => new URL(answer.url()).pathname === "/schedule");
    await system.context().unroute("**/events?*");

    await system.getByText("A line that came while the web was down.").waitFor();
    await fetched;
    for (const page of [system, schedule]) {
      await page.locator("#status").getByText("PAUSED").waitFor();
      await page.getByText(/NOT LIVE since/).waitFor({ state: "hidden" });
      expect(await page.evaluate("window.loadedOnce")).toBe(true);
    }
    expect(refused.length).toBeGreaterThanOrEqual(2);
    await system.context().close();
  }, 180_000);
});
