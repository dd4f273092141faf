/** A phrase as a sentence among others: with a full stop, unless it ends one already. */
export function asSentence(phrase: string): string {
  return phrase === "" || /[.!?]$/.test(phrase) ? phrase : `${phrase}.`;
}
