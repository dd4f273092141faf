/**
 * A frame that is lost is taken again at most this often within one attempt at its sequence. Attempts at a frame are
 * numbered through all attempts at the sequence, so the number also tells to which of these a stored frame belongs:
 * the workflow numbers by it, the ledger settles by it.
 */
export const FRAME_ATTEMPTS = 3;
