export type ProbeActivities = ReturnType<typeof createProbeActivities>;

/** An activity that does nothing: what is left is the cost of the machinery. */
export function createProbeActivities(wallMs: () => number) {
  return {
    probe: async (): Promise<{ readonly wallMs: number }> => ({ wallMs: wallMs() }),
  };
}
