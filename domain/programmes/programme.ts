import type { FieldProblem } from "../people/account.ts";

/** What may be entered of a programme. */
export interface ProgrammeEntry {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly priority: number;
  readonly description: string;
}

export const PROGRAMME_ID = /^[A-Z0-9][A-Z0-9-]{0,30}$/;
const PRIORITY_MAX = 100;
const GRANT_HOURS_MAX = 10_000;

/** What is wrong with an entered programme, field by field. */
export function programmeProblems(entry: ProgrammeEntry): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const wrong = (field: string, words: string): void => void problems.push({ field, words });
  if (!PROGRAMME_ID.test(entry.id))
    wrong("id", `Code: "${entry.id}" is not one. Capital letters, digits and hyphens, such as GRB-HOST.`);
  if (entry.name.trim() === "" || entry.name.length > 100)
    wrong(
      "name",
      `Name: "${entry.name.slice(0, 40)}" has ${entry.name.trim().length} characters; it takes 1 to 100.`,
    );
  if (entry.kind !== "routine" && entry.kind !== "alert")
    wrong("kind", `Kind: "${entry.kind}" is neither routine nor alert.`);
  if (!Number.isInteger(entry.priority) || entry.priority < 0 || entry.priority > PRIORITY_MAX)
    wrong("priority", `Priority: ${entry.priority} is not a whole number from 0 to ${PRIORITY_MAX}.`);
  if (entry.description.length > 2_000)
    wrong("description", `Description: ${entry.description.length} characters are too many, at most 2000.`);
  return problems;
}

/** What is wrong with a grant of observing time. */
export function grantProblems(grantName: string, hours: number): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (grantName.trim() === "" || grantName.length > 60)
    problems.push({
      field: "grantName",
      words: `Grant: "${grantName.slice(0, 40)}" is not a name of 1 to 60 characters, such as 2027A.`,
    });
  if (!Number.isFinite(hours) || hours <= 0 || hours > GRANT_HOURS_MAX)
    problems.push({
      field: "hours",
      words: `Hours: ${hours} is not a number above 0 and up to ${GRANT_HOURS_MAX}.`,
    });
  return problems;
}
