import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import type { Hold } from "../../domain/safety/holds.ts";
import { NOW_MS, observatoryState } from "../api/support/states.ts";
import { PASSWORD, startWeb, type TestWeb } from "../api/support/web.ts";
import { chromiumPath, launchChromium } from "./support/chromium.ts";

const shots = fileURLToPath(new URL("../../test-results/browser/", import.meta.url));
const OPERATOR = "operator@vesper.example";
const suite = chromiumPath === null ? describe.skip : describe;
if (chromiumPath === null) console.warn("No Chromium on this machine: the browser tests are skipped.");

suite("by hand, in a browser", () => {
  let web: TestWeb;
  let browser: Browser;
  let base = "";

  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    web = await startWeb();
    await web.signIn("operator");
    await web.app.listen({ host: "127.0.0.1", port: 0 });
    base = `http://127.0.0.1:${(web.app.server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await web?.stop();
  });

  async function signedIn(width: number, theme: string, javaScript: boolean): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width, height: width < 500 ? 667 : 800 },
      javaScriptEnabled: javaScript,
      baseURL: base,
    });
    await context.addCookies([{ name: "vesper_theme", value: theme, url: base }]);
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    await page.goto("/sign-in");
    await page.getByLabel("Mail address").fill(OPERATOR);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${base}/`);
    return page;
  }

  /** What `observatory` answers from now on; the web keeps an answer for a moment. */
  function answers(holds: readonly Hold[], change: object = {}): void {
    web.gateway.state = observatoryState({ mode: holds.length > 0 ? "MANUAL" : "RUNNING", holds, ...change });
    web.clock.wallMs += 5_000;
  }

  const mine: Hold = {
    kind: "maintenance",
    who: OPERATOR,
    why: `Maintenance by ${OPERATOR}: grease the shutter`,
    sinceMs: NOW_MS - 600_000,
    sinceWallMs: NOW_MS - 600_000,
  };

  test.each([
    [1_280, "dark", true],
    [375, "red", false],
  ])(
    "take the hold, preview and slew, stop, leave: %i px, %s, script %s",
    async (width, theme, javaScript) => {
      web.gateway.commands.length = 0;
      answers([]);
      const page = await signedIn(width, theme, javaScript);
      const shot = (name: string) =>
        page.screenshot({ path: path.join(shots, `${theme}-${width}-manual-${name}.png`), fullPage: true });
      const fits = async (): Promise<void> => {
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
      };

      await page.goto("/manual");
      await shot("free");
      await fits();
      await page.getByLabel("Reason").fill("grease the shutter");
      await page.getByLabel("Type colibri").fill("colibri");
      await page.getByRole("button", { name: "Take the telescope from Vesper" }).click();
      answers([mine]);
      await page.goto("/manual");
      await page.getByLabel("Target", { exact: true }).fill("M 33");
      await page.getByLabel("Right ascension").fill("1h33m50.9s");
      await page.getByLabel("Declination").fill("+30:39:36");
      await page.getByRole("button", { name: "Preview" }).click();
      const slew = page.getByRole("button", { name: "Slew to M 33" });
      await slew.waitFor();
      await shot("preview");
      await fits();
      await slew.click();
      await page.waitForURL(`${base}/manual`);

      const stop = page.getByRole("button", { name: /^STOP/ });
      const box = await stop.boundingBox();
      expect(box?.height).toBeGreaterThanOrEqual(56);
      // Fixed at the bottom: in sight however far one has scrolled.
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(width < 500 ? 667 : 800);
      await stop.click();
      await page.getByRole("button", { name: "Leave the maintenance hold" }).click();
      await page.waitForURL(`${base}/manual`);
      expect(web.gateway.commands.map((command) => command.split(" ")[0])).toEqual([
        "takeMaintenance",
        "manual",
        "stop",
        "leaveMaintenance",
      ]);
      await page.context().close();
    },
    120_000,
  );

  test("devices and weather draw and fit, on a database that knows nothing yet", async () => {
    answers([]);
    for (const [width, theme] of [
      [1_280, "dark"],
      [375, "red"],
    ] as const) {
      const page = await signedIn(width, theme, true);
      for (const [name, url] of [
        ["devices", "/devices"],
        ["device", "/devices/camera-vis"],
        ["weather", "/weather"],
      ] as const) {
        await page.goto(url, { waitUntil: "load" });
        await page.screenshot({ path: path.join(shots, `${theme}-${width}-${name}.png`), fullPage: true });
        const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect([name, width, wide]).toEqual([name, width, 0]);
      }
      await page.context().close();
    }
  }, 120_000);
});
