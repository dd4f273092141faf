import { DeviceProblem } from "../adapters/alpaca/errors.ts";

/**
 * What a device says, or null when it says nothing that can be used. For orders that bring hardware to rest: they do not
 * wait for a state that cannot be read.
 */
export async function readOrNull<R>(ask: () => Promise<R>): Promise<R | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DeviceProblem) return null;
    throw error;
  }
}
