import { Type } from "typebox";
import type { FieldProblem } from "../../domain/people/account.ts";

/** A line of text in a form; empty when it was not sent. */
export const Line = (maxLength = 500) => Type.String({ maxLength, default: "" });
/** Every form of a browser carries it. */
export const Csrf = { _csrf: Type.Optional(Type.String({ maxLength: 200 })) };

/** What the summary above a form shows, and what its fields need to say it again. */
export interface FormProblems {
  readonly problems: readonly { readonly href: string; readonly words: string }[];
  /** By field; empty for a field that is right. */
  readonly wrong: Readonly<Record<string, string>>;
}

/** @param fields names of all fields of the form: templates are strict */
export function formProblems(problems: readonly FieldProblem[], fields: readonly string[]): FormProblems {
  const wordsOf = (field: string): string => problems.find((each) => each.field === field)?.words ?? "";
  return {
    problems: problems.map(({ field, words }) => ({ href: `#${field}`, words })),
    wrong: Object.fromEntries(fields.map((field) => [field, wordsOf(field)])),
  };
}

/** The title of a page whose form was wrong says so first. */
export function formTitle(title: string, problems: readonly FieldProblem[]): string {
  return problems.length === 0 ? title : `Error: ${title}`;
}
