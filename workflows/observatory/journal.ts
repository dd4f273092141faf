import type { Majordome } from "./state.ts";

/** Writes a line of the journal in the background. */
export function journal(
  { clock, background, records }: Majordome,
  level: "info" | "warning" | "alarm",
  text: string,
  links: { readonly module?: string; readonly deviceId?: string; readonly userId?: string | null } = {},
): void {
  const atMs = clock.nowMs();
  background.add("journal", () =>
    records.journal({ level, module: "observatory", text, nightId: null, atMs, ...links }),
  );
}
