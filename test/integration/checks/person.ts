import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { visiblePlace } from "../../../api/routes/alerts/placement.ts";
import { chromiumPath, launchChromium } from "../../browser/support/chromium.ts";
import { signIn, visit } from "../../browser/support/visitor.ts";
import { waitFor, type Stack } from "../../support/stack.ts";
import { note, observatory, PATIENCE_MS, routineFrame, skyNowMs, type TheStack } from "../kit.ts";

const shots = fileURLToPath(new URL("../../../test-results/browser/", import.meta.url));
const MAIL = "vera@example.org";
const OWN_PASSWORD = "rotation curves are flat";
/** One with time enough: on a slow machine a minute of overhead is an hour of this sky. */
const PROGRAMME = "GALAXIES";
/**
 * The request wants to be observed within this time of the sky: minutes of the test. The sequence under way may take an hour
 * and be late; with less room than that the request would rightly be refused.
 */
const WINDOW_MS = 2.5 * 3_600_000;
/** Frames of 5 s: what the test waits for is the way to them. */
const FRAMES = 2;

/** One person from the sign-up to the downloaded image, in a browser, while the night goes on. */
export function personChecks(the: TheStack): void {
  const walk = chromiumPath === null ? test.skip : test;
  walk(
    "signs up, is accepted, writes a request with plot and calculator, sees it planned, observed, and downloads the image; an open page outlives the web",
    async () => {
      const stack = the();
      mkdirSync(shots, { recursive: true });
      await routineFrame(stack);
      const browser = await launchChromium();
      try {
        await theWholeWay(stack, browser);
      } finally {
        await browser.close();
      }
    },
    20 * PATIENCE_MS,
  );
}

async function theWholeWay(stack: Stack, browser: Browser): Promise<void> {
  const complaints: string[] = [];
  const come = (profile: "admin" | null): Promise<Page> =>
    visit(browser, { baseURL: stack.url, profile, password: stack.password, complaints });
  const [person, admin] = [await come(null), await come("admin")];
  const shot = (name: string): Promise<Buffer> =>
    person.screenshot({ path: path.join(shots, `person-${name}.png`), fullPage: true });

  await askForAccount(person, admin);
  await acceptWithProgramme(admin);
  await signIn(person, MAIL, OWN_PASSWORD);
  // A page comes without its help rather than late, on a machine that is busy.
  await pageSays(person, "/", /New here\? Home/);
  await shot("first-visit");
  const url = await writeRequest(stack, person, shot);
  const submittedMs = Date.now();

  // Planned or refused: its page says when, or why not. This one is first in rank and well up.
  await pageSays(person, url, /In schedules/);
  await person.goto("/schedule?mine=1");
  await shot("schedule");
  await pageSays(person, url, /All images of this sequence|Tar of this sequence/);
  await pageSays(person, url, new RegExp(`${FRAMES}\\s+frames stored`));
  note("person: from submitting to the last stored frame", Date.now() - submittedMs);
  await shot("results");
  await downloadImage(person, shot);
  await outlivesTheWeb(stack, person);
  expect(complaints.filter((text) => !isOfTheDeadWeb(text))).toEqual([]);
}

async function askForAccount(person: Page, admin: Page): Promise<void> {
  await person.goto("/sign-up");
  await person.getByLabel("Name").fill("Vera Rubin");
  await person.getByLabel("Mail address").fill(MAIL);
  await person.getByLabel("What for").fill(`Rotation curves, with the programme ${PROGRAMME}.`);
  await person.getByLabel("Password").fill(OWN_PASSWORD);
  await person.getByRole("button", { name: "Ask for an account" }).click();
  await person.getByRole("heading", { name: "Look into your mail" }).waitFor();
  // Without a mail server the mail is a file, and administrators read it on a page.
  const link = await waitFor("the mail with the link is written", PATIENCE_MS, async () => {
    await admin.goto("/mails");
    return /\/sign-up\/confirm\/[\w-]+/.exec(await admin.locator("main").innerText())?.[0];
  });
  await person.goto(link);
  await person.getByLabel("Password").fill(OWN_PASSWORD);
  await person.getByRole("button", { name: "Confirm the mail address" }).click();
  await person.getByRole("heading", { name: "Your mail address is confirmed" }).waitFor();
}

async function acceptWithProgramme(admin: Page): Promise<void> {
  await admin.goto("/applications");
  await admin.getByRole("button", { name: "Accept Vera Rubin" }).click();
  await admin.waitForURL(/\/users\/U\d+/);
  await admin.goto(`/programmes/${PROGRAMME}/edit`);
  await admin.getByLabel("Mail address or number").fill(MAIL);
  await admin.getByRole("button", { name: "Save the member" }).click();
  await admin.getByText("Vera Rubin").first().waitFor();
}

/** Writes a request for a place that is up, with the plot and the calculator, and submits it. @returns its address */
async function writeRequest(
  stack: Stack,
  person: Page,
  shot: (name: string) => Promise<Buffer>,
): Promise<string> {
  const nowMs = await skyNowMs(stack);
  const { raDeg, decDeg } = visiblePlace(observatory, nowMs, 0.4);
  const utc = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
  await person.goto("/requests");
  await person.getByRole("button", { name: "Write a request" }).click();
  await person.getByLabel("Name", { exact: true }).fill("Rotation");
  await person.getByLabel("Programme").selectOption(PROGRAMME);
  await person.getByRole("button", { name: /^Next: Sequence 1/ }).click();
  await person.getByLabel("Target").fill("A place that is up");
  await person.getByLabel("Right ascension").fill(`${raDeg}d`);
  await person.getByLabel("Declination").fill(`${decDeg}d`);
  await person.getByLabel("JD1").fill(utc(nowMs));
  await person.getByLabel("JD2").fill(utc(nowMs + WINDOW_MS));
  await person.getByLabel("Priority").fill("0");
  await person.getByRole("button", { name: /^Next: Album/ }).click();
  await person.getByLabel("Filter").selectOption("r");
  await person.getByLabel("Frames").fill(String(FRAMES));
  await person.getByLabel("Exposure", { exact: true }).fill("30");
  // The plot of the night comes by itself while one writes.
  await person.locator("#live .chart img").first().waitFor();
  await shot("plot");
  await person.getByRole("button", { name: "Exposure time calculator" }).click();
  await person.getByLabel("Wanted").selectOption("time");
  await person.getByLabel("Magnitude").fill("12");
  await person.getByRole("button", { name: "Calculate" }).click();
  await person.getByText("The brightest pixel").waitFor();
  await shot("calculator");
  await person.getByRole("button", { name: /^Use .* s in the plan/ }).click();
  await person.waitForURL(/\/edit/);
  await person.getByLabel("Exposure", { exact: true }).fill("5");
  await person.getByRole("button", { name: "Submit", exact: true }).click();
  await person.getByRole("button", { name: "Submit request" }).click();
  await person.getByText(/^Submitted\./).waitFor();
  await shot("submitted");
  return person.url();
}

/** Looks at a page again until it says something. */
async function pageSays(person: Page, url: string, words: RegExp): Promise<void> {
  await waitFor(
    `${url} says ${words.source}`,
    8 * PATIENCE_MS,
    async () => {
      await person.goto(url, { waitUntil: "load" });
      return words.test(await person.locator("main").innerText());
    },
    async () => (await person.locator("main").innerText()).slice(0, 1_500),
  );
}

async function downloadImage(person: Page, shot: (name: string) => Promise<Buffer>): Promise<void> {
  await person.locator("#results .preview").first().click();
  await person.getByRole("heading", { name: /^Header of the/ }).waitFor();
  await shot("image");
  const [download] = await Promise.all([
    person.waitForEvent("download"),
    person.getByRole("link", { name: /^Download .* FITS$/ }).click(),
  ]);
  const file = await download.path();
  expect(readFileSync(file).subarray(0, 30).toString("latin1")).toMatch(/^SIMPLE {2}= {20}T/);
}

/** The web dies under an open page: it is live again without being loaded anew, and shows what happens then. */
async function outlivesTheWeb(stack: Stack, person: Page): Promise<void> {
  await person.goto("/night", { waitUntil: "load" });
  await person
    .locator("#status")
    .getByText(/RUNNING|PAUSED|CLOSED/)
    .waitFor();
  await person.evaluate("window.loadedOnce = true");
  const killed = stack.pid("api");
  process.kill(killed, "SIGKILL");
  await waitFor("the web runs again", PATIENCE_MS, async () => {
    const running = stack.parts().includes("api") && stack.pid("api") !== killed;
    return running && (await stack.api("/readyz")).status === 200;
  });
  const pausedMs = Date.now();
  expect((await stack.api("/api/observatory/pause", { method: "POST" })).status).toBe(200);
  await person.locator("#status").getByText("PAUSED").waitFor({ timeout: PATIENCE_MS });
  note("web killed: from a pause after it to the open page that shows it", Date.now() - pausedMs);
  expect(await person.evaluate("window.loadedOnce")).toBe(true);
  expect((await stack.api("/api/observatory/resume", { method: "POST" })).status).toBe(200);
  await person.locator("#status").getByText("RUNNING").waitFor({ timeout: PATIENCE_MS });
}

/** What a browser says of a server that is not there is no fault of the page. */
function isOfTheDeadWeb(text: string): boolean {
  return /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)/.test(text);
}
