import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { chromiumPath, launchChromium } from "../browser/support/chromium.ts";
import { PASSWORD } from "./topology.ts";

/** Between two pages that a person opens, wall ms. */
const PAGE_EVERY_MS = 400;
const PAGES = ["/", "/night", "/schedule", "/images", "/alerts", "/system"];
/** A page that takes longer is noticed. */
const PAGE_LIMIT_MS = 10_000;
/** A browser makes a lost stream anew after this, as the server tells it. */
const RETRY_MS = 2_000;

/** What browsers saw during the night. */
export interface Seen {
  readonly pages: number;
  readonly slowestPageMs: number;
  readonly events: number;
  /** Streams made anew after they were cut off. */
  readonly reconnects: number;
  /** Longest time without a word on the stream: a heartbeat comes every 5 s. */
  readonly longestSilenceMs: number;
  /** Forms sent and taken. */
  readonly forms: number;
  /** What a person would have noticed, a sentence each. */
  readonly troubles: readonly string[];
}

export interface Browsers {
  /** Sends a form of the page that the person has open. */
  sendForm(): Promise<void>;
  close(): Promise<Seen>;
}

/**
 * A person who is signed in and looks about: opens page after page, and has one open with its event stream. Where there is a
 * Chromium, it has the page of the night open as well.
 * @param web address of the proxy
 */
export async function openBrowsers(web: string): Promise<Browsers> {
  const over = new AbortController();
  const troubles: string[] = [];
  const trouble = (words: string): void => {
    troubles.push(`${new Date().toISOString().slice(11, 23)} ${words}`);
  };
  const cookie = await signIn(web);
  const counts = { pages: 0, slowestPageMs: 0, events: 0, reconnects: 0, longestSilenceMs: 0, forms: 0 };

  async function load(page: string): Promise<string> {
    const beganMs = performance.now();
    const answer = await fetch(`${web}${page}`, {
      headers: { cookie },
      redirect: "manual",
      signal: AbortSignal.timeout(PAGE_LIMIT_MS),
    });
    const text = await answer.text();
    counts.slowestPageMs = Math.max(counts.slowestPageMs, Math.round(performance.now() - beganMs));
    if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${text.slice(0, 200)}`);
    return text;
  }

  async function lookAbout(): Promise<void> {
    for (let turn = 0; !over.signal.aborted; turn += 1) {
      const page = PAGES[turn % PAGES.length] ?? "/";
      await load(page).then(
        () => (counts.pages += 1),
        (error: unknown) => trouble(`${page} ${(error as Error).message}`),
      );
      await sleep(PAGE_EVERY_MS);
    }
  }

  async function listen(): Promise<void> {
    let heardMs = performance.now();
    const silence = (): void => {
      counts.longestSilenceMs = Math.max(counts.longestSilenceMs, Math.round(performance.now() - heardMs));
    };
    for (let streams = 0; !over.signal.aborted; streams += 1) {
      if (streams > 0) {
        counts.reconnects += 1;
        await sleep(RETRY_MS);
      }
      try {
        const answer = await fetch(`${web}/events?topics=status,night,images`, {
          headers: { cookie },
          signal: over.signal,
        });
        if (answer.status !== 200 || answer.body === null) {
          // A browser does not try again after such an answer.
          trouble(`/events answered ${answer.status}`);
          continue;
        }
        for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
          silence();
          heardMs = performance.now();
          counts.events += new TextDecoder().decode(part).split("\nevent: ").length;
        }
      } catch {
        // Cut off: made anew.
      }
    }
    silence();
  }

  const running = Promise.all([lookAbout(), listen()]);
  const chromium = await openChromium(web, trouble);
  return {
    sendForm: async () => {
      const profile = await load("/profile");
      const csrf = /name="_csrf" value="([^"]+)"/.exec(profile)?.[1] ?? "";
      const answer = await fetch(`${web}/profile`, {
        method: "POST",
        headers: { cookie },
        body: new URLSearchParams({ name: `Operator ${counts.forms}`, _csrf: csrf }),
        redirect: "manual",
        signal: AbortSignal.timeout(PAGE_LIMIT_MS),
      });
      if (answer.status === 303) counts.forms += 1;
      else trouble(`a form was answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
    },
    close: async () => {
      over.abort();
      await running;
      await chromium?.close();
      return { ...counts, troubles };
    },
  };
}

/** Signs the demonstration's operator in with the form. @returns the session's cookie */
async function signIn(web: string): Promise<string> {
  const form = await fetch(`${web}/sign-in`);
  const csrf = /name="_csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? "";
  const answer = await fetch(`${web}/sign-in`, {
    method: "POST",
    headers: { cookie: cookiesOf(form) },
    body: new URLSearchParams({ mail: "operator@vesper.example", password: PASSWORD, _csrf: csrf }),
    redirect: "manual",
  });
  if (answer.status !== 303) throw new Error(`sign-in answered ${answer.status}: ${await answer.text()}`);
  return cookiesOf(answer);
}

function cookiesOf(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

/** Run in the page: what it says of itself. */
const LOOK = `({
  notLive: document.documentElement.classList.contains("not-live"),
  clock: document.getElementById("clock")?.textContent ?? "",
})`;

/** The page of the night in a real browser; null where there is none. */
async function openChromium(
  web: string,
  trouble: (words: string) => void,
): Promise<{ close(): Promise<void> } | null> {
  if (chromiumPath === null) return null;
  const browser: Browser = await launchChromium();
  const page: Page = await browser.newPage();
  page.on("pageerror", (error) => trouble(`Chromium: ${error.message}`));
  await page.goto(`${web}/sign-in?next=/night`);
  await page.fill("input[name=mail]", "operator@vesper.example");
  await page.fill("input[name=password]", PASSWORD);
  await page.press("input[name=password]", "Enter");
  await page.waitForURL(`${web}/night`);
  let lastProblem = "";
  const looking = setInterval(() => {
    page.evaluate<{ notLive: boolean; clock: string }>(LOOK).then(
      ({ notLive, clock }) => {
        const problem = notLive ? "the page says that it is not live" : clock === "" ? "no clock" : "";
        if (problem !== "" && problem !== lastProblem) trouble(`Chromium: ${problem}`);
        lastProblem = problem;
      },
      (error: unknown) => trouble(`Chromium: ${(error as Error).message}`),
    );
  }, 500);
  return {
    close: async () => {
      clearInterval(looking);
      await browser.close();
    },
  };
}
