import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pino from "pino";
import type { Browser, Page } from "playwright-core";
import { hashPassword } from "../../api/passwords.ts";
import { NOW_MS, observatoryState } from "../api/support/states.ts";
import { PASSWORD, startWeb } from "../api/support/web.ts";
import type { TestWeb } from "../api/support/web.ts";
import { chromiumPath, launchChromium } from "./support/chromium.ts";
import { populate } from "./support/populate.ts";

const shots = fileURLToPath(new URL("../../test-results/browser/", import.meta.url));
const home = mkdtempSync(path.join(tmpdir(), "vesper-requests-"));
const began = Date.now();
const clock = { startMs: NOW_MS, anchorMs: began, rate: 1, epoch: 1 };

let web: TestWeb;
let browser: Browser;
let base = "";
const failures: string[] = [];

const suite = chromiumPath === null ? describe.skip : describe;
if (chromiumPath === null) console.warn("No Chromium on this machine: the browser tests are skipped.");

suite("requests in a browser", () => {
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    web = await startWeb({
      clock: () => clock,
      nowWallMs: () => Date.now(),
      log: pino({ level: "error" }, { write: (line) => failures.push(line) }),
    });
    web.gateway.state = observatoryState({ clock });
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

  async function signedIn(width: number, javaScript: boolean): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width, height: width < 500 ? 667 : 900 },
      javaScriptEnabled: javaScript,
      baseURL: base,
    });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") failures.push(`${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => failures.push(error.message));
    // Straight to the list: the images of Home have no files here.
    await page.goto("/sign-in?next=/requests");
    await page.getByLabel("Mail address").fill("user@vesper.example");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${base}/requests`);
    return page;
  }

  async function fits(page: Page): Promise<void> {
    const width = await page.evaluate("document.documentElement.scrollWidth");
    expect([page.url(), Number(width) <= (page.viewportSize()?.width ?? 0)]).toEqual([page.url(), true]);
  }

  test.each([
    ["wide, with script", 1_280, true],
    ["a phone without script", 375, false],
  ])(
    "a request is written, checked, submitted and taken back: %s",
    async (name, width, javaScript) => {
      const tag = `request-${width}`;
      const page = await signedIn(width, javaScript);
      await fits(page);
      await page.screenshot({ path: path.join(shots, `${tag}-list.png`) });
      await page.getByRole("button", { name: "Write a request" }).click();
      await page.getByLabel("Name", { exact: true }).fill(`Whirlpool, ${name}`);
      await page.getByLabel("Programme").selectOption("GALAXIES");
      await page.getByRole("button", { name: /^Next: Sequence 1/ }).click();
      await page.getByLabel("Target").fill("M 33");
      await page.getByLabel("Right ascension").fill("12");
      await page.getByRole("button", { name: "Check" }).click();
      await page.waitForURL(/checked=1/);
      expect(await page.title()).toContain("Error:");
      await page.getByText("could be hours or degrees").first().waitFor();
      await page.screenshot({ path: path.join(shots, `${tag}-wrong.png`), fullPage: true });
      await fits(page);
      await page.getByRole("button", { name: "Use these coordinates" }).click();
      await page.getByText("Taken.").waitFor();
      expect(await page.getByLabel("Declination").inputValue()).toContain("30.6");
      await page.getByRole("button", { name: "Show times as Julian dates" }).click();
      await page.getByRole("button", { name: "Show times as UTC" }).waitFor();
      await page.getByRole("button", { name: /^Next: Album/ }).click();
      await page.getByLabel("Filter").selectOption("r");
      await page.getByLabel("Exposure", { exact: true }).fill("120");
      await page.getByLabel("Frames").fill("6");
      if (javaScript) {
        // Saved by itself, and the cost is said without a button.
        await page.locator("#live").getByText("12 min 48 s of exposures").waitFor();
        await page.screenshot({ path: path.join(shots, `${tag}-live.png`), fullPage: true });
      }
      await page.getByRole("button", { name: "Everything on one page" }).click();
      await page.waitForURL(/step=all/);
      await fits(page);
      await page.screenshot({ path: path.join(shots, `${tag}-all.png`), fullPage: true });
      await page.getByRole("button", { name: "Exposure time calculator" }).click();
      await page.getByLabel("Wanted").selectOption("time");
      await page.getByRole("button", { name: "Calculate" }).click();
      await page.getByRole("button", { name: "Calculate" }).waitFor();
      await page.getByText("The brightest pixel reaches").waitFor();
      await fits(page);
      await page.screenshot({ path: path.join(shots, `${tag}-calculator.png`), fullPage: true });
      await page.goBack();
      await page.goBack();
      await page.getByRole("link", { name: "Copy over nights" }).click();
      await page.getByText("Copy over these nights").waitFor();
      await fits(page);
      await page.screenshot({ path: path.join(shots, `${tag}-nights.png`), fullPage: true });
      await page.getByRole("link", { name: "Back to the request" }).click();
      await page.getByRole("button", { name: "Submit", exact: true }).click();
      await page.getByText("The night plans again as soon as it is submitted").waitFor();
      await page.screenshot({ path: path.join(shots, `${tag}-submit.png`) });
      await page.getByRole("button", { name: "Submit request" }).click();
      await page.getByText("Submitted. The night plans again with it.").waitFor();
      await fits(page);
      await page.screenshot({ path: path.join(shots, `${tag}-show.png`), fullPage: true });
      await page.getByRole("link", { name: "Unsubmit" }).click();
      await page.getByRole("button", { name: "Unsubmit request" }).click();
      await page.getByText("Taken back. The night plans again without it.").waitFor();
      await page.goto("/requests/import");
      await page.getByLabel("Or its text").fill("format: vesper-request/1\nname: x\nprogrammeId: 3\n");
      await page.getByRole("button", { name: "Import request" }).click();
      await page.getByText("Line 3, programmeId is 3: must be a text.").waitFor();
      await fits(page);
      await page.screenshot({ path: path.join(shots, `${tag}-import.png`), fullPage: true });
      // A refused form answers 422, which a browser counts as a failed resource of its own.
      expect(failures.filter((line) => !line.includes("422"))).toEqual([]);
      await page.context().close();
    },
    120_000,
  );
});
