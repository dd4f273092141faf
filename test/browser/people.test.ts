import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { hashPassword } from "../../api/passwords.ts";
import { seed } from "../../db/seed.ts";
import { NOW_MS } from "../api/support/states.ts";
import { observatory, PASSWORD, startWeb } from "../api/support/web.ts";
import type { TestWeb } from "../api/support/web.ts";
import { chromiumPath, launchChromium } from "./support/chromium.ts";

const shots = fileURLToPath(new URL("../../test-results/browser/", import.meta.url));
const suite = chromiumPath === null ? describe.skip : describe;
if (chromiumPath === null) console.warn("No Chromium on this machine: the browser tests are skipped.");

suite("the walk of the administrator", () => {
  let web: TestWeb;
  let browser: Browser;
  let base = "";
  const failures: string[] = [];

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    web = await startWeb({ nowWallMs: () => Date.now() });
    await seed(web.database, {
      observatory,
      nowMs: NOW_MS,
      wallMs: NOW_MS,
      strategies: [],
      demo: { passwordHash: await hashPassword(PASSWORD) },
    });
    await web.app.listen({ host: "127.0.0.1", port: 0 });
    base = `http://127.0.0.1:${(web.app.server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await web?.stop();
  });

  async function open(width: number, javaScriptEnabled = true): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width, height: width < 500 ? 667 : 800 },
      javaScriptEnabled,
      baseURL: base,
    });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") failures.push(`${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => failures.push(error.message));
    return page;
  }

  async function signIn(page: Page, mail: string, password: string): Promise<void> {
    await page.goto("/sign-in");
    await page.getByLabel("Mail address").fill(mail);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${base}/`);
  }

  async function shot(page: Page, name: string): Promise<void> {
    await page.screenshot({ path: path.join(shots, `people-${name}.png`), fullPage: true });
    const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect([name, wide]).toEqual([name, 0]);
  }

  test("a new person signs up without script, is accepted, signs in; programmes, profile, back office, help", async () => {
    const guest = await open(375, false);
    await guest.goto("/sign-up");
    await guest.getByLabel("Name").fill("Vera Rubin");
    await guest.getByLabel("Mail address").fill("vera@example.org");
    await guest.getByLabel("What for").fill("Rotation curves, with the programme GALAXIES.");
    await guest.getByLabel("Password").fill("short");
    await shot(guest, "375-sign-up");
    await guest.getByLabel("Password").fill("correct horse battery staple");
    await guest.getByRole("button", { name: "Ask for an account" }).click();
    await guest.getByRole("heading", { name: "Look into your mail" }).waitFor();
    const { items } = await web.database.outbox.list({ topic: "mail", limit: 10 });
    const link = /\/sign-up\/confirm\/\S+/.exec(String(items[0]?.payload["text"]))?.[0] ?? "";
    await guest.goto(link);
    await guest.getByLabel("Password").fill("correct horse battery staple");
    await guest.getByRole("button", { name: "Confirm the mail address" }).click();
    await guest.getByRole("heading", { name: "Your mail address is confirmed" }).waitFor();

    const page = await open(1_280);
    await signIn(page, "admin@vesper.example", PASSWORD);
    await page.getByText("New here? Home").waitFor();
    await shot(page, "1280-first-visit");
    await page.getByRole("button", { name: "Understood, put it away" }).click();
    expect(await page.getByText("New here? Home").count()).toBe(0);
    await page.goto("/applications");
    await shot(page, "1280-applications");
    await page.getByRole("button", { name: "Accept Vera Rubin" }).click();
    await page.waitForURL(/\/users\/U\d+/);
    await shot(page, "1280-user");
    await signIn(guest, "vera@example.org", "correct horse battery staple");

    for (const [name, url] of [
      ["users", "/users"],
      ["programmes", "/programmes"],
      ["programme", "/programmes/TEACHING"],
      ["programme-edit", "/programmes/TEACHING/edit"],
      ["profile", "/profile"],
      ["mails", "/mails"],
      ["profiles", "/profiles"],
      ["admin", "/admin"],
      ["admin-list", "/admin/programme"],
      ["admin-row", "/admin/programme/row?key=TEACHING"],
      ["admin-edit", "/admin/programme/edit?key=TEACHING"],
      ["admin-delete", "/admin/programme/delete?key=TEACHING"],
      ["help", "/help"],
    ] as const) {
      await page.setViewportSize({ width: 1_280, height: 800 });
      await page.goto(url, { waitUntil: "load" });
      await shot(page, `1280-${name}`);
      await page.setViewportSize({ width: 375, height: 667 });
      await shot(page, `375-${name}`);
    }
    await page.setViewportSize({ width: 1_280, height: 800 });
    await page.getByRole("button", { name: "Red, for the night" }).click();
    for (const [name, url] of [
      ["programme", "/programmes/TEACHING"],
      ["profile", "/profile"],
    ] as const) {
      await page.goto(url, { waitUntil: "load" });
      await shot(page, `red-1280-${name}`);
    }
    expect(failures).toEqual([]);
  }, 180_000);
});
