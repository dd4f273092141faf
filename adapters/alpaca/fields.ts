/**
 * A field of an answer, whatever the casing of its name. The standard fixes it, but not every server keeps to that, and
 * a refusal whose `errornumber` is overlooked would pass for a command carried out.
 */
export function fieldOf(answer: object, name: string): unknown {
  const fields = answer as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(fields, name)) return fields[name];
  const wanted = name.toLowerCase();
  const found = Object.keys(fields).find((key) => key.toLowerCase() === wanted);
  return found === undefined ? undefined : fields[found];
}
