/** What is asked of every page, looked at with a browser; one small server for all of it. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import pino from "pino";
import type { Browser, Page } from "playwright-core";
import { hashPassword } from "../../api/passwords.ts";
import { may } from "../../domain/permissions/permissions.ts";
import { createIntake } from "../../ingest/intake.ts";
import type { Intake } from "../../ingest/intake.ts";
import { NOW_MS, observatoryState } from "../api/support/states.ts";
import {
  cookiesOf,
  csrfOf,
  formBody,
  observatory,
  PASSWORD,
  signInAs,
  startWeb,
} from "../api/support/web.ts";
import type { TestWeb } from "../api/support/web.ts";
import { chromiumPath, launchChromium } from "./support/chromium.ts";
import { brokenLooks, greatestGreenOrBlue, seriousProblems } from "./support/looks.ts";
import { populate } from "./support/populate.ts";
import { signIn, visit, type Visit } from "./support/visitor.ts";

const shots = fileURLToPath(new URL("../../test-results/browser/", import.meta.url));
const home = mkdtempSync(path.join(tmpdir(), "vesper-statements-"));
const clock = { startMs: NOW_MS, anchorMs: Date.now(), rate: 1, epoch: 1 };
/** Pages with every colour there is: their contrast is measured in all themes, that of the others in the red one. */
const RICH = new Set([
  "/",
  "/night",
  "/schedule",
  "/alarms",
  "/alerts/:id",
  "/requests/:id",
  "/requests/:id/edit",
  "/images/:id",
  "/manual",
  "/system",
]);
/** Of one test: only a machine that is busy with much else comes near. */
const LIMIT_MS = 240_000;
const PROFILES = ["user", "expert", "operator", "admin"] as const;

let web: TestWeb;
let browser: Browser;
let base = "";
let complaints: string[] = [];
/** Address of a page by its route. */
let pages: Readonly<Record<string, string>> = {};

const suite = chromiumPath === null ? describe.skip : describe;
if (chromiumPath === null) console.warn("No Chromium on this machine: the browser tests are skipped.");

suite("what is said of every page", () => {
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    let intake: Intake | null = null;
    web = await startWeb({
      settings: { home },
      clock: () => clock,
      nowWallMs: () => Date.now(),
      log: pino({ level: "error" }, { write: (line) => complaints.push(line) }),
      intake: {
        take: async (...args) => {
          if (intake === null) throw new Error("asked before it was there");
          return intake.take(...args);
        },
      },
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
    pages = await addressesOfPages(web);
    await web.app.listen({ host: "127.0.0.1", port: 0 });
    base = `http://127.0.0.1:${(web.app.server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await web?.stop();
    rmSync(home, { recursive: true, force: true });
  });
  beforeEach(() => {
    complaints = [];
    web.gateway.state = observatoryState({ clock });
    web.gateway.outcome = null;
    web.gateway.commands.length = 0;
  });

  /** One session for each profile, for all the browsers that come. */
  const sessions = new Map<string, Promise<{ readonly cookie: string }>>();
  const come = async (profile: Visit["profile"], more: Partial<Visit> = {}): Promise<Page> => {
    if (profile === null) return visit(browser, { baseURL: base, profile, complaints, ...more });
    const session = sessions.get(profile) ?? signInAs(web.app, `${profile}@vesper.example`);
    sessions.set(profile, session);
    return visit(browser, { baseURL: base, profile, complaints, cookie: (await session).cookie, ...more });
  };

  test("every page of the web is in this test", () => {
    const routes = [...web.app.guardedRoutes.keys()].flatMap((route) =>
      route.startsWith("GET ") ? [route.slice("GET ".length)] : [],
    );
    expect(Object.keys(pages).toSorted()).toEqual(routes.filter(isPage).toSorted());
  });

  test(
    "each page keeps its looks: no serious problem by axe, red without green or blue, no sideways scrolling, print",
    async () => {
      const judge = await browser.newPage();
      const broken: string[] = [];
      const queue = Object.entries(pages).values();
      // Two at a time: a page is judged in a process of its own.
      const lookOn = async (): Promise<void> => {
        const page = await come("admin", {
          theme: "red",
          reducedMotion: "reduce",
          timezoneId: "Pacific/Auckland",
        });
        const guest = await come(null, { theme: "red", reducedMotion: "reduce" });
        for (const [route, url] of queue) {
          const on = web.app.guardedRoutes.get(`GET ${route}`) === "public" ? guest : page;
          const answer = await on.goto(url, { waitUntil: "load" });
          const found: string[] = answer?.ok() === true ? [] : [`answered ${answer?.status()}`];
          const shot = await on.screenshot({ path: shotOf("red-1280", route), fullPage: true });
          const worst = await greatestGreenOrBlue(judge, shot);
          if (worst > 8) found.push(`green or blue of ${worst} in the red theme`);
          const themes = RICH.has(route) ? (["red", "dark", "light"] as const) : (["red"] as const);
          found.push(...(await seriousProblems(on, themes)), ...(await brokenLooks(on)));
          broken.push(...found.map((what) => `${url}: ${what}`));
        }
        await Promise.all([page, guest].map(async (each) => each.context().close()));
      };
      await Promise.all([lookOn(), lookOn()]);
      await judge.context().close();
      expect(broken).toEqual([]);
      // A chart that waits too long for the database of a busy machine is answered with 503, and the page says so.
      expect(complaints.filter((text) => !/503 .*\.svg\?|status of 503/.test(text))).toEqual([]);
    },
    3 * LIMIT_MS,
  );

  test(
    "each profile sees what it may use and no button besides; what it sees otherwise than the administrator is judged too",
    async () => {
      const seenByAdmin = new Map<string, ReadonlySet<string>>();
      const broken: string[] = [];
      for (const profile of PROFILES.toReversed()) {
        const visitor = await signInAs(web.app, `${profile}@vesper.example`);
        let page: Page | null = null;
        for (const [route, url] of Object.entries(pages)) {
          const access = web.app.guardedRoutes.get(`GET ${route}`);
          if (access === undefined || access === "public" || access === "signed") continue;
          const answer = await visitor.get(url);
          if (!may(profile, access)) {
            if (answer.statusCode !== 403) broken.push(`${profile} ${url}: answered ${answer.statusCode}`);
            continue;
          }
          broken.push(...forbidden(profile, answer.body).map((what) => `${profile} ${url}: offers ${what}`));
          const tags = tagsOf(answer.body);
          if (profile === "admin") {
            seenByAdmin.set(route, new Set(tags));
            continue;
          }
          // What the administrator sees too was judged with it; a page with nothing else in it is not opened again.
          const others = tags.filter((tag) => seenByAdmin.get(route)?.has(tag) !== true);
          if (others.length === 0) continue;
          page ??= await come(profile, { theme: "dark", width: 375 });
          await page.goto(url, { waitUntil: "load" });
          broken.push(...(await seriousProblems(page, ["dark"])).map((what) => `${profile} ${url}: ${what}`));
        }
        await page?.context().close();
      }
      expect(broken).toEqual([]);
    },
    3 * LIMIT_MS,
  );

  test.each([1_280, 375])(
    "with the keyboard alone at %i px: every control is reached, seen, and never under the bar",
    async (width) => {
      const page = await come("operator", { width });
      for (const url of ["/", "/night", "/schedule", "/alarms"]) {
        await page.goto(url, { waitUntil: "load" });
        expect([url, await tabThrough(page)]).toEqual([url, []]);
      }
      await page.goto("/");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await page.evaluate("document.activeElement.id")).toBe("main");
      await page.locator("summary", { hasText: "More" }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "Calibrations" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: "Calibrations" }).waitFor({ state: "hidden" });
      expect(await page.evaluate("document.activeElement.textContent")).toBe("More");
      await page.context().close();
    },
    LIMIT_MS,
  );

  test(
    "a form with problems: the summary has the focus and leads to each field, the words are the same, nothing is lost",
    async () => {
      const page = await come("user");
      await page.goto("/requests");
      await page.getByRole("button", { name: "Write a request" }).click();
      await page.getByLabel("Name", { exact: true }).fill("Kept as typed");
      await page.getByRole("button", { name: "Everything on one page" }).click();
      await page.waitForURL(/step=all/);
      await page.getByLabel("Declination").fill("−95");
      await page.getByLabel("Dither positions").fill("12");
      await page.getByRole("button", { name: "Check", exact: true }).click();
      await page.waitForURL(/checked=1/);
      expect(await page.title()).toMatch(/^Error:/);
      expect(await page.evaluate("document.activeElement.id")).toBe("problems");
      const links = await page.locator("#problems a").all();
      expect(links.length).toBeGreaterThan(2);
      for (const link of links) {
        const words = (await link.textContent()) ?? "";
        const target = (await link.getAttribute("href"))?.split("#")[1] ?? "";
        const field = page.locator(`[id="${target}"]`);
        expect([words, await field.count()]).toEqual([words, 1]);
        if ((await field.getAttribute("aria-invalid")) !== "true") continue;
        const note = await page
          .locator(`[id="${await field.getAttribute("aria-describedby")}"]`)
          .textContent();
        // In the summary the place stands before the same words.
        expect(words).toContain((note ?? "").trim().split(".")[0] ?? "?");
      }
      expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Kept as typed");
      expect(await page.getByLabel("Declination").inputValue()).toBe("−95");
      await page.context().close();
    },
    LIMIT_MS,
  );

  test(
    "text, caret and selection survive what is pushed; an alert shows on the open editor within a second",
    async () => {
      const page = await come("user");
      await page.goto("/requests");
      await page.getByRole("button", { name: "Write a request" }).click();
      const field = page.getByLabel("Comment");
      await field.fill("two words");
      await page.evaluate("document.activeElement.setSelectionRange(4, 7)");
      web.gateway.state = observatoryState({ clock, alertInProgress: "swift-1234" });
      const fromMs = Date.now();
      web.notify("alert", "swift-1234");
      await page.locator("#ribbon").getByText("swift-1234").waitFor({ timeout: 5_000 });
      const tookMs = Date.now() - fromMs;
      expect(
        await page.evaluate(
          "(({ value, selectionStart, selectionEnd, name }) => [value, selectionStart, selectionEnd, name])(document.activeElement)",
        ),
      ).toEqual(["two words", 4, 7, "comment"]);
      // Not a measurement: a machine that is busy with other tests may take longer than the second.
      expect(tookMs).toBeLessThan(5_000);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    LIMIT_MS,
  );

  test(
    "pushes shift nothing that is read: Home, Night, Schedule, journal",
    async () => {
      const page = await come("operator");
      for (const url of ["/", "/night", "/schedule", "/system"]) {
        await page.goto(url, { waitUntil: "load" });
        // The alert of the test before is over; what was read of it may be shared for a moment more.
        await page.locator("#ribbon .ribbon").waitFor({ state: "detached" });
        await page.evaluate(`(() => {
        window.shifts = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push({
            value: entry.value,
            moved: entry.sources.map(({ node, previousRect, currentRect }) =>
              [node?.id || node?.className || node?.textContent?.trim().slice(0, 40) || "gone",
               [previousRect, currentRect].map(({ x, y, width, height }) => [x, y, width, height].join(" ")).join(" to ")].join(": ")),
          });
        }).observe({ type: "layout-shift", buffered: false });
      })()`);
        if (url === "/system") await page.evaluate(`scrollTo({ top: 400, behavior: "instant" })`);
        // What is read stays where it is; how far the page is scrolled then may change.
        const readAt = `[...document.querySelectorAll("#journal tr")].map((row) => row.getBoundingClientRect().top).find((top) => top > 100)`;
        const before = await page.evaluate(readAt);
        for (let i = 0; i < 3; i += 1) {
          if (url === "/system") {
            await web.database.journal.append({
              atWallMs: Date.now(),
              atMs: NOW_MS,
              level: "info",
              module: "test",
              text: `A line that came while the page was open, ${i}.`,
            });
            const { items } = await web.database.journal.list({ limit: 1 });
            web.notify("journal_entry", String(items[0]?.id));
          }
          web.notify("device", "telescope");
          await page.waitForTimeout(250);
        }
        const shifts = await page.evaluate<{ value: number; moved: string[] }[]>("window.shifts");
        const shifted = shifts.reduce((sum, shift) => sum + shift.value, 0);
        expect({ url, moved: shifted < 0.02 ? [] : shifts }).toEqual({ url, moved: [] });
        expect(await page.evaluate(readAt)).toBe(before);
      }
      await page.getByRole("button", { name: /new lines?: show/ }).waitFor();
      await page.context().close();
    },
    LIMIT_MS,
  );

  test(
    "after a sleep the page says that it is not live, until it hears the server again",
    async () => {
      const page = await come("user");
      await page.clock.install();
      await page.goto("/", { waitUntil: "load" });
      await page.locator("#status").getByText("RUNNING").waitFor();
      await page.clock.fastForward(10 * 60_000);
      await page.getByText(/NOT LIVE since/).waitFor();
      expect(await page.locator("html").getAttribute("class")).toContain("not-live");
      await page.getByText(/NOT LIVE since/).waitFor({ state: "hidden", timeout: 20_000 });
      await page.context().close();
    },
    LIMIT_MS,
  );

  test(
    "a session that ends during editing loses nothing: sign in on another tab, continue",
    async () => {
      const page = await come("user");
      await page.goto("/requests");
      await page.getByRole("button", { name: "Write a request" }).click();
      await page.waitForURL(/\/edit/);
      await page.evaluate("document.getElementById('editor').removeAttribute('hx-post')");
      await page.getByLabel("Comment").fill("typed before the session ended");
      await page.context().clearCookies({ name: "vesper_session" });
      await page.getByRole("button", { name: "Save draft" }).click();
      const [tab] = await Promise.all([
        page.context().waitForEvent("page"),
        page.getByRole("link", { name: "Sign in on another tab" }).click(),
      ]);
      await signIn(tab, "user@vesper.example", PASSWORD);
      await page.getByRole("button", { name: "Continue" }).click();
      // The token of the form is of the session before: it is asked once more, with everything in it.
      await page.waitForLoadState("load");
      const again = page.getByRole("button", { name: "Continue" });
      if ((await again.count()) > 0) await again.click();
      await page.waitForURL(/\/edit/);
      expect(await page.getByLabel("Comment").inputValue()).toBe("typed before the session ended");
      await page.context().close();
    },
    LIMIT_MS,
  );

  test(
    "without JavaScript an alarm is acknowledged, the theme changes, and everything under More is reached",
    async () => {
      const page = await come("operator", { javaScriptEnabled: false, width: 375 });
      await page.goto("/alarms");
      await page.getByLabel("Note, optional").first().fill("on my way");
      await page.getByRole("button", { name: "Acknowledge" }).first().click();
      await page.getByText("on my way").first().waitFor();
      await page.getByText("More: Alarms").click();
      await page.getByRole("link", { name: "Weather" }).click();
      await page.getByRole("heading", { name: "Weather", exact: true }).waitFor();
      await page.getByRole("button", { name: "Light" }).click();
      expect(await page.locator("html").getAttribute("data-theme")).toBe("light");
      await page.context().close();
    },
    LIMIT_MS,
  );

  test(
    "eight tabs: a hidden one gives its stream back, so that the eighth loads and acts",
    async () => {
      const first = await come("operator");
      const context = first.context();
      const tabs = [first];
      for (let i = 0; i < 5; i += 1) {
        const tab = await context.newPage();
        await tab.clock.install();
        await tab.goto("/weather", { waitUntil: "load" });
        tabs.push(tab);
      }
      for (const tab of tabs.slice(1)) {
        await tab.evaluate(`Object.defineProperty(document, "hidden", { get: () => true });
        document.dispatchEvent(new Event("visibilitychange"));`);
        await tab.clock.fastForward(11_000);
      }
      for (let i = 0; i < 3; i += 1) {
        const tab = await context.newPage();
        await tab.goto("/night", { waitUntil: "load" });
        tabs.push(tab);
      }
      await tabs.at(-1)?.getByRole("button", { name: "Pause now" }).click();
      await tabs.at(-1)?.waitForURL(/\/night/);
      expect(web.gateway.commands).toEqual(["pause now operator@vesper.example"]);
      await context.close();
    },
    LIMIT_MS,
  );

  test(
    "own sequences are marked in the schedule, and the form leaves only them",
    async () => {
      const rows = async (profile: string, query: string): Promise<string[]> => {
        const visitor = await signInAs(web.app, `${profile}@vesper.example`);
        return [...(await visitor.get(`/schedule${query}`)).body.matchAll(/<tr.*?<\/tr>/gs)].map(
          ([row]) => row,
        );
      };
      const isOwn = (row: string): boolean => row.includes('class="mine"');
      const all = await rows("user", "");
      const mine = await rows("user", "?mine=1");
      const own = mine.filter(isOwn);
      expect(own.length).toBeGreaterThan(0);
      expect(own).toHaveLength(all.filter(isOwn).length);
      // Heads of tables are rows too.
      expect(mine.filter((row) => row.includes("<td") && !isOwn(row))).toEqual([]);
      expect((await rows("user", "?mine=1&status=done")).length).toBeLessThan(mine.length);
      expect((await rows("operator", "")).filter(isOwn)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "on a phone the timeline of the schedule unfolds, and stays so when the schedule is made anew",
    async () => {
      const page = await come("operator", { width: 375 });
      await page.goto("/schedule");
      const picture = page.locator("#timeline img");
      expect(await picture.isVisible()).toBe(false);
      await page.getByText("Show timeline").click();
      await picture.waitFor();
      await page.evaluate(`document.getElementById("schedule").dataset.before = "yes"`);
      web.notify("schedule", "1");
      await page.locator("[data-before]").waitFor({ state: "detached" });
      await picture.waitFor();
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    LIMIT_MS,
  );

  test(
    "a tab that is not looked at tells alarms in its title, and no more when they are over",
    async () => {
      const alarm = {
        key: "disk-low",
        level: "HIGH" as const,
        text: "The disk is nearly full.",
        guidance: "Remove old files.",
        page: "/system",
        hiddenBy: null,
      };
      const sync = async (alarms: readonly (typeof alarm)[]): Promise<void> => {
        const atMs = Date.now();
        await web.database.alarms.sync({ site: observatory.site.id, alarms, atMs, wallMs: atMs });
        web.notify("alarm", "1");
      };
      const page = await come("operator");
      await page.goto("/programmes");
      const before = (await page.title()).replace(/^\(!\d+\) /, "");
      await sync([alarm]);
      // No locator looks into the head of a page.
      const titled = async (pattern: RegExp): Promise<void> => {
        for (let tries = 0; !pattern.test(await page.title()); tries += 1) {
          expect([tries < 100, await page.title()]).toEqual([true, expect.any(String)]);
          await page.waitForTimeout(100);
        }
      };
      await titled(/^\(!\d+\) /);
      expect((await page.title()).replace(/^\(!\d+\) /, "")).toBe(before);
      await sync([]);
      for (const { id } of await web.database.alarms.open(observatory.site.id)) {
        await web.database.alarms.acknowledge({ id, by: "test", note: null, wallMs: Date.now() });
      }
      web.notify("alarm", "1");
      await titled(/^[^(]/);
      expect(await page.title()).toBe(before);
      await page.context().close();
    },
    LIMIT_MS,
  );

  test(
    "a page weighs less than 150 KB, compressed, without its pictures",
    async () => {
      const visitor = await signInAs(web.app, "admin@vesper.example");
      const weight = (body: string | Buffer): number => gzipSync(body).byteLength;
      const shared = await Promise.all(
        [...(await visitor.get("/")).body.matchAll(/(?:href|src)="(\/public\/[^"]+)"/g)].map(
          async ([, url = ""]) => weight((await visitor.get(url)).rawPayload),
        ),
      );
      const frame = shared.reduce((sum, bytes) => sum + bytes, 0);
      for (const url of Object.values(pages)) {
        const bytes = frame + weight((await visitor.get(url)).body);
        expect([url, bytes < 150_000]).toEqual([url, true]);
      }
    },
    LIMIT_MS,
  );

  /** What of a page a profile may not use: addresses of its forms and links. */
  function forbidden(profile: (typeof PROFILES)[number], html: string): string[] {
    const main = html.slice(html.indexOf("<body"));
    const uses = [
      ...[...main.matchAll(/<form[^>]*method="post"[^>]*action="([^"]+)"/g)].map(([, url]) => `POST ${url}`),
      ...[...main.matchAll(/<a [^>]*href="(\/[^"#]*)/g)].map(([, url]) => `GET ${url}`),
    ].map((use) => use.replaceAll("&amp;", "&").replace(/[?#].*$/, ""));
    return uses.filter((use) => {
      const access = accessTo(use);
      return access === undefined || (access !== "public" && access !== "signed" && !may(profile, access));
    });
  }

  function accessTo(use: string) {
    const exact = web.app.guardedRoutes.get(use);
    if (exact !== undefined) return exact;
    for (const [route, access] of web.app.guardedRoutes) {
      const pattern = route.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/:\w+/g, "[^/]+");
      if (new RegExp(`^${pattern}$`).test(use)) return access;
    }
    return undefined;
  }
});

/** Every route that renders HTML: not the API, files, pictures, and health. */
function isPage(route: string): boolean {
  return !/^\/(api|public|schemas|events|healthz|readyz)(\/|$)|\.(svg|xml)$/.test(route);
}

/** The elements of a page's content, each once, without texts and what differs from one visit to the next. */
function tagsOf(html: string): string[] {
  const content = html.slice(html.indexOf("<main"), html.indexOf("</main>"));
  const tags = [...content.matchAll(/<[a-z][^>]*>/g)].map(([tag]) =>
    tag.replaceAll(/(?:value|href|title|alt|src|action|data-[a-z]+)="[^"]*"/g, ""),
  );
  return [...new Set(tags)];
}

function shotOf(kind: string, route: string): string {
  const name = route === "/" ? "home" : route.slice(1).replaceAll(/[^\w]+/g, "-");
  return path.join(shots, `${kind}-${name}.png`);
}

/** Presses Tab until it comes round. @returns what is wrong with a control that got the focus */
async function tabThrough(page: Page): Promise<string[]> {
  const wrong: string[] = [];
  const controls = Number(
    await page.evaluate(
      `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
        .filter((one) => one.checkVisibility() && one.tabIndex >= 0).length`,
    ),
  );
  const reached = new Set<string>();
  for (let i = 0; i < controls + 5; i += 1) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate<{ id: string; problem: string } | null>(`(() => {
      const one = document.activeElement;
      if (one === null || one === document.body) return null;
      const all = [...document.querySelectorAll("*")];
      const box = one.getBoundingClientRect();
      const bar = document.querySelector(".bar");
      const style = getComputedStyle(one);
      const what = one.tagName + " " + one.textContent.trim().slice(0, 30);
      let problem = "";
      if (style.outlineStyle === "none" || style.outlineWidth === "0px") problem = what + " shows no focus";
      if (!bar.contains(one) && !one.matches(".skip") && box.top < bar.getBoundingClientRect().bottom - 1)
        problem = what + " is under the bar";
      if (box.bottom > innerHeight + 1 && box.height < innerHeight) problem = what + " is below the window";
      return { id: String(all.indexOf(one)), problem };
    })()`);
    if (seen === null || reached.has(seen.id)) break;
    reached.add(seen.id);
    if (seen.problem !== "") wrong.push(seen.problem);
  }
  if (reached.size < controls) wrong.push(`${reached.size} of ${controls} controls were reached`);
  return wrong;
}

/** An address for every page, with something on each: an alert, an alarm, a draft, somebody who waits, links of mails. */
async function addressesOfPages(web: TestWeb): Promise<Record<string, string>> {
  const { database } = web;
  const admin = await signInAs(web.app, "admin@vesper.example");
  const user = await signInAs(web.app, "user@vesper.example");
  await admin.post("/alerts/simulate", { stream: "swift-bat", event: "9000000001" });
  await database.alarms.sync({
    site: observatory.site.id,
    alarms: [
      {
        key: "device:camera-vis",
        level: "HIGH",
        text: "Visible camera does not work. Observing waits for it.",
        guidance: "Look whether it has power.",
        page: "/night",
        hiddenBy: null,
      },
    ],
    atMs: NOW_MS,
    wallMs: Date.now(),
  });
  const confirm = await signUp(web);
  await postAsGuest(web, "/recover", { mail: "user@vesper.example" });
  const recover = await linkInMail(web, /\/recover\/[\w-]+/);
  const masterId = await aMaster(web);
  const draft = (await user.post("/requests/new")).headers.location?.toString() ?? "";
  const draftId = /\/requests\/(\w+)\//.exec(draft)?.[1] ?? "";
  const [alert] = (await database.alerts.list({ limit: 1 })).items;
  const [image] = (await database.images.list({ limit: 1 })).items;
  const submitted = (await database.requests.list({ kind: "routine", limit: 1 })).items[0]?.id;
  return {
    "/": "/",
    "/night": "/night",
    "/night/resume": "/night/resume",
    "/night/end": "/night/end",
    "/schedule": "/schedule",
    "/schedule/:id": "/schedule/1",
    "/schedules": "/schedules",
    "/requests": "/requests",
    "/requests/:id": `/requests/${submitted}`,
    "/requests/:id/edit": `/requests/${draftId}/edit?step=all&checked=1`,
    "/requests/:id/nights": `/requests/${draftId}/nights`,
    "/requests/:id/submit": `/requests/${draftId}/submit`,
    "/requests/:id/unsubmit": `/requests/${submitted}/unsubmit`,
    "/requests/:id/delete": `/requests/${draftId}/delete`,
    "/requests/calculator": "/requests/calculator?asked=1",
    "/requests/import": "/requests/import",
    "/alerts": "/alerts",
    "/alerts/simulate": "/alerts/simulate?stream=fermi-gbm",
    "/alerts/:id": `/alerts/${alert?.key}`,
    "/alarms": "/alarms",
    "/images": "/images",
    "/images/:id": `/images/${image?.id}`,
    "/calibrations": "/calibrations",
    "/calibrations/masters/:id": `/calibrations/masters/${masterId}`,
    "/devices": "/devices",
    "/devices/:id": "/devices/camera-vis",
    "/weather": "/weather",
    "/manual": "/manual",
    "/outbox": "/outbox",
    "/outbox/:id": "/outbox/1",
    "/system": "/system",
    "/programmes": "/programmes",
    "/programmes/new": "/programmes/new",
    "/programmes/:id": "/programmes/TEACHING",
    "/programmes/:id/edit": "/programmes/TEACHING/edit",
    "/applications": "/applications",
    "/users": "/users",
    "/users/:id": "/users/U0001",
    "/users/:id/delete": "/users/U0002/delete",
    "/mails": "/mails",
    "/profiles": "/profiles",
    "/profile": "/profile",
    "/profile/delete": "/profile/delete",
    "/admin": "/admin",
    "/admin/:table": "/admin/programme",
    "/admin/:table/row": "/admin/programme/row?key=TEACHING",
    "/admin/:table/new": "/admin/programme/new",
    "/admin/:table/edit": "/admin/programme/edit?key=TEACHING",
    "/admin/:table/delete": "/admin/programme/delete?key=TEACHING",
    "/help": "/help",
    "/help/:page": "/help/home",
    "/sign-in": "/sign-in",
    "/sign-up": "/sign-up",
    "/sign-up/confirm/:token": confirm,
    "/recover": "/recover",
    "/recover/:token": recover,
  };
}

/** Somebody who signs up; the address in their mail. One more confirms theirs, and waits. */
async function signUp(web: TestWeb): Promise<string> {
  let link = "";
  for (const mail of ["waits@example.org", "vera@example.org"]) {
    if (link !== "") await postAsGuest(web, link, { password: PASSWORD });
    const motive = "Rotation curves, with the programme GALAXIES.";
    await postAsGuest(web, "/sign-up", { name: "Vera Rubin", mail, password: PASSWORD, motive });
    link = await linkInMail(web, /\/sign-up\/confirm\/[\w-]+/, link);
  }
  return link;
}

/** Posts the form of a page as somebody who is not signed in. */
async function postAsGuest(web: TestWeb, url: string, fields: Readonly<Record<string, string>>) {
  const form = await web.app.inject({ url });
  const body = formBody({ ...fields, _csrf: csrfOf(form.body) }, { cookie: cookiesOf(form) });
  await web.app.inject({ method: "POST", url, ...body });
}

/** The link in the newest mail that has one; some are written after the answer. @param not a link of before */
async function linkInMail(web: TestWeb, pattern: RegExp, not = ""): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { items } = await web.database.outbox.list({ topic: "mail", limit: 20 });
    const texts = items.toSorted((a, b) => b.id - a.id).map(({ payload }) => String(payload["text"]));
    const link = texts.flatMap((text) => pattern.exec(text)?.[0] ?? [])[0] ?? "";
    if (link !== "" && link !== not) return link;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail has a link like ${pattern.source}`);
}

/** A master frame of a calibration. @returns its id */
async function aMaster(web: TestWeb): Promise<string> {
  const site = observatory.site.id;
  const id = "2026-11-20-1-vis-bias";
  const calibration = await web.database.calibrations.open({
    site,
    date: "2026-11-20",
    openedBy: "test",
    startedBy: "the end of the night",
    startedMs: NOW_MS,
    startedWallMs: NOW_MS,
  });
  await web.database.masters.upsert({
    id,
    calibrationId: calibration.id,
    site,
    nightDate: "2026-11-20",
    kind: "bias",
    instrumentId: "vis",
    cameraId: "camera-vis",
    filter: "",
    exposureS: 0,
    camera: "vis",
    binning: "1x1",
    readoutMode: "normal",
    size: "1024x1024",
    temperatureC: -60,
    path: `masters/${id}.fits`,
    sha256: "0".repeat(64),
    bytes: 4_000_000,
    previewPath: null,
    grade: "good",
    framesUsed: 10,
    framesTaken: 10,
    levelAdu: 1_000,
    noiseAdu: 2.2,
    readNoiseE: 6.1,
    warnings: [],
    header: { SIMPLE: true, BITPIX: -32 },
    madeMs: NOW_MS,
    storedWallMs: NOW_MS,
  });
  return id;
}
