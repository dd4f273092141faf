/** A sentence to be put into another one: without the full stop at its end. */
export function withoutFullStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}
