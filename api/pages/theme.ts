import type { FastifyRequest } from "fastify";

export const THEMES = ["dark", "red", "light"] as const;
export type Theme = (typeof THEMES)[number];
export const THEME_COOKIE = "vesper_theme";

/** The theme a browser chose; dark when it did not. */
export function themeOf(request: FastifyRequest): Theme {
  const chosen = request.cookies[THEME_COOKIE];
  return THEMES.find((theme) => theme === chosen) ?? "dark";
}

const LABELS: Readonly<Record<Theme, string>> = { dark: "Dark", red: "Red, for the night", light: "Light" };

/** The themes for the form in the footer. */
export function themeChoices(current: Theme) {
  return THEMES.map((theme) => ({ theme, label: LABELS[theme], current: theme === current }));
}
