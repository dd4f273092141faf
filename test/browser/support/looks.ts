import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import type { Theme } from "../../../api/pages/theme.ts";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly html: string }[];
}

/**
 * What axe finds serious or critical on a page: with all its rules in the first theme, contrast alone in the others. One
 * line for each place.
 */
export async function seriousProblems(
  page: Page,
  themes: readonly Theme[] = ["red", "dark", "light"],
): Promise<string[]> {
  // As text: it runs in the page, whose globals are not those of this process.
  await page.evaluate(axeSource);
  const found = await page.evaluate<readonly (Violation & { readonly theme: string })[]>(`(async () => {
    const root = document.documentElement;
    const shown = root.dataset.theme;
    const found = [];
    const themes = ${JSON.stringify(themes)};
    for (const theme of themes) {
      root.dataset.theme = theme;
      const rules = theme === themes[0] ? {} : { runOnly: ["color-contrast"] };
      const { violations } = await axe.run(document, { resultTypes: ["violations"], ...rules });
      found.push(...violations.map(({ id, impact, nodes }) => ({
        theme, id, impact, nodes: nodes.map(({ target, html }) => ({ target, html })),
      })));
    }
    root.dataset.theme = shown;
    return found;
  })()`);
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ theme, id, nodes }) =>
      nodes.map(({ target, html }) => `${theme} ${id}: ${target.join(" ")} ${html.slice(0, 120)}`),
    );
}

/** The greatest green or blue in a picture, 0 to 255; counted by the browser, which is quick at it. */
export async function greatestGreenOrBlue(judge: Page, png: Buffer): Promise<number> {
  return judge.evaluate(`(async () => {
    const answer = await fetch("data:image/png;base64,${png.toString("base64")}");
    const image = await createImageBitmap(await answer.blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let worst = 0;
    for (let i = 0; i < data.length; i += 4) worst = Math.max(worst, data[i + 1], data[i + 2]);
    return worst;
  })()`);
}

/** What a page does not keep of its looks: it scrolls sideways at a width, something moves, a mark has no word, … */
export async function brokenLooks(page: Page): Promise<string[]> {
  const broken: string[] = [];
  const look = async (what: string, expression: string): Promise<void> => {
    const seen = await page.evaluate(expression);
    if (seen !== 0 && seen !== "") broken.push(`${what}: ${String(seen)}`);
  };
  const size = page.viewportSize() ?? { width: 1_280, height: 800 };
  for (const width of [320, 375, size.width]) {
    await page.setViewportSize({ width, height: 667 });
    await look(`px too wide at ${width}`, "Math.max(0, document.documentElement.scrollWidth - innerWidth)");
    await look(
      `cut off in the bar at ${width}`,
      `(() => { const bar = document.querySelector(".bar"); return bar === null ? 0 : Math.max(0, bar.scrollWidth - bar.clientWidth); })()`,
    );
  }
  await page.setViewportSize(size);
  await look("animations under reduced motion", "document.getAnimations().length");
  await look(
    "marks without a word",
    `[...document.querySelectorAll(".mark")].filter((mark) => mark.textContent.trim() === "").length`,
  );
  await look(
    "words that no person writes",
    `(/\\b(undefined|NaN|null|\\[object)\\b/.exec(document.body.innerText) ?? [""])[0]`,
  );
  await page.emulateMedia({ media: "print" });
  await look(
    "frame that is printed",
    `[...document.querySelectorAll(".bar, .nav, .foot")].filter((part) => getComputedStyle(part).display !== "none").length`,
  );
  await look(
    "printed text that is not black on white",
    `[...document.querySelectorAll("main :is(p, td, dd, h1, h2)")].filter((part) => getComputedStyle(part).color !== "rgb(0, 0, 0)").length`,
  );
  await page.emulateMedia({ media: "screen" });
  return broken;
}
