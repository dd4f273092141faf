import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Theme } from "../../../api/pages/theme.ts";
import { PASSWORD } from "../../api/support/web.ts";

export interface Visit extends BrowserContextOptions {
  readonly baseURL: string;
  /** Profile of the demonstration's person who comes; nobody signs in when null. */
  readonly profile: "user" | "expert" | "operator" | "admin" | null;
  readonly password?: string;
  /** Cookies of a session that is there already: the form is left out. */
  readonly cookie?: string;
  readonly theme?: Theme;
  readonly width?: number;
  /** What the page complains of is written here. */
  readonly complaints: string[];
}

/** A page of a browser of its own, signed in. Whatever it complains of is kept. */
export async function visit(
  browser: Browser,
  { profile, password = PASSWORD, cookie, theme = "dark", width = 1_280, complaints, ...options }: Visit,
): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 667 : 800 },
    ...options,
  });
  // Enough for a machine that is busy with other tests; nothing waits so long where all is well.
  context.setDefaultTimeout(60_000);
  await context.addCookies([{ name: "vesper_theme", value: theme, url: options.baseURL }]);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  if (cookie !== undefined) await context.addCookies(cookiesFrom(cookie, options.baseURL));
  else if (profile !== null) await signIn(page, `${profile}@vesper.example`, password);
  return page;
}

/** Signs in with the form, wherever it leads then. */
export async function signIn(page: Page, mail: string, password: string): Promise<void> {
  if (!new URL(page.url(), "http://nowhere").pathname.startsWith("/sign-in")) await page.goto("/sign-in");
  await page.getByLabel("Mail address").fill(mail);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

function cookiesFrom(header: string, url: string) {
  return header.split("; ").map((pair) => {
    const [name = "", ...value] = pair.split("=");
    return { name, value: value.join("="), url };
  });
}
