import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser of this machine, or null when it has none. */
export const chromiumPath = process.env["CHROMIUM"] ?? PLACES.find((place) => existsSync(place)) ?? null;

/** Starts it quietly: no first-run pages, no calls home. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === null) throw new Error("there is no Chromium on this machine");
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
