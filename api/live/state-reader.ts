import type { TemporalGateway } from "../../adapters/temporal/gateway.ts";
import { NotAnsweringError } from "../../adapters/temporal/not-answering.ts";
import type { ObservatoryState } from "../../workflows/messages.ts";

export interface StateAnswer {
  readonly state: ObservatoryState;
  readonly atWallMs: number;
}

/** What is known of `observatory` now: its answer, or its last answer and why there is no newer one. */
export interface LastKnown {
  readonly answer: StateAnswer | null;
  /** Null while it answers. */
  readonly silence: { readonly sinceWallMs: number; readonly why: string } | null;
}

/** One reader of the observatory's state, shared by every page, API call and live stream of the process. */
export interface StateReader {
  /** The state, at most `maxAgeMs` old. @throws NotAnsweringError */
  read(maxAgeMs?: number): Promise<ObservatoryState>;
  /** As `read`, but says what is known when nobody answers. */
  readOrLast(maxAgeMs?: number): Promise<LastKnown>;
  /** A newer state that came by another way: the answer of a command. */
  put(state: ObservatoryState): void;
}

/**
 * Readers that come while a query is under way share its answer, so that a hundred pages ask the workflow as often
 * as one does. While nobody answers, it is asked again once per second at most, and never by two at once.
 */
export function createStateReader(
  gateway: Pick<TemporalGateway, "observatoryState">,
  nowWallMs: () => number,
): StateReader {
  let answer: StateAnswer | null = null;
  let silence: { sinceWallMs: number; askedWallMs: number; error: NotAnsweringError } | null = null;
  let asking: Promise<ObservatoryState> | null = null;

  async function ask(): Promise<ObservatoryState> {
    const askedWallMs = nowWallMs();
    try {
      const state = await gateway.observatoryState();
      answer = { state, atWallMs: askedWallMs };
      silence = null;
      return state;
    } catch (error) {
      if (error instanceof NotAnsweringError) {
        silence = { sinceWallMs: silence?.sinceWallMs ?? askedWallMs, askedWallMs: nowWallMs(), error };
      }
      throw error;
    } finally {
      asking = null;
    }
  }

  async function read(maxAgeMs = 200): Promise<ObservatoryState> {
    if (answer !== null && silence === null && nowWallMs() - answer.atWallMs <= maxAgeMs) return answer.state;
    if (silence !== null && asking === null && nowWallMs() - silence.askedWallMs < 1_000) throw silence.error;
    asking ??= ask();
    return asking;
  }

  return {
    read,
    readOrLast: async (maxAgeMs) => {
      try {
        await read(maxAgeMs);
      } catch (error) {
        if (!(error instanceof NotAnsweringError)) throw error;
      }
      return {
        answer,
        silence: silence === null ? null : { sinceWallMs: silence.sinceWallMs, why: silence.error.message },
      };
    },
    put: (state) => {
      answer = { state, atWallMs: nowWallMs() };
      silence = null;
    },
  };
}
