import type { Theme } from "../pages/theme.ts";

/** Colours of a chart in one theme; the same tokens as public/vesper.css. */
export interface Palette {
  readonly background: string;
  readonly text: string;
  readonly soft: string;
  readonly hair: string;
  readonly planned: string;
  readonly running: string;
  readonly done: string;
  readonly warning: string;
  readonly alert: string;
  /** Twilight bands, from day to night. */
  readonly twilight: readonly [day: string, civil: string, night: string];
}

export const PALETTES: Readonly<Record<Theme, Palette>> = {
  dark: {
    background: "#161c22",
    text: "#e3e9ef",
    soft: "#a3b0bd",
    hair: "#33404c",
    planned: "#7cb8f7",
    running: "#e3e9ef",
    done: "#4cc9a0",
    warning: "#f2b84b",
    alert: "#c9a0ff",
    twilight: ["#3a4653", "#27313b", "#161c22"],
  },
  red: {
    background: "#140000",
    text: "#ff0000",
    soft: "#ff0000",
    hair: "#500000",
    planned: "#900000",
    running: "#ff0000",
    done: "#c00000",
    warning: "#c00000",
    alert: "#ff0000",
    twilight: ["#400000", "#2a0000", "#140000"],
  },
  light: {
    background: "#f4f6f8",
    text: "#14191f",
    soft: "#46525e",
    hair: "#c9d1d8",
    planned: "#0b4f99",
    running: "#14191f",
    done: "#0a6247",
    warning: "#7a4f00",
    alert: "#5f2ba8",
    twilight: ["#ffffff", "#dfe5ea", "#c9d1d8"],
  },
};
