import type { Dependent, TableColumn, TableRow, TableShape } from "../../../db/repositories/back-office.ts";
import type { TablePolicy } from "../../../domain/people/back-office.ts";

const SHOWN_COLUMNS = 7;
const CELL_MAX = 60;

export function tableHref(table: string): string {
  return `/admin/${encodeURIComponent(table)}`;
}

export function rowHref(table: string, key: string): string {
  return `${tableHref(table)}/row?key=${encodeURIComponent(key)}`;
}

/** Columns of the list: keys first, long documents left to the page of the row. */
export function listColumns(table: TableShape): TableColumn[] {
  const fit = table.columns.filter(({ hidden, type, primary }) => !hidden && (primary || type !== "jsonb"));
  return [...fit.filter(({ primary }) => primary), ...fit.filter(({ primary }) => !primary)].slice(
    0,
    SHOWN_COLUMNS,
  );
}

/** Cells of a row in a list; a foreign key is a link to the row it names. */
export function listCells(table: TableShape, row: TableRow, linked: boolean) {
  return listColumns(table).map((column, i) => {
    const value = row.values[column.name] ?? null;
    const own = linked && i === 0;
    return {
      label: column.name,
      value: value === null ? "—" : shortened(value),
      href: own ? rowHref(table.name, row.key) : referenceHref(column, value),
    };
  });
}

/** Every column of one row with what is said about it. */
export function rowFields(table: TableShape, row: TableRow) {
  return table.columns.map((column) => {
    const value = row.values[column.name] ?? null;
    return {
      name: column.name,
      type: column.type,
      value: column.hidden ? hiddenWords(column) : (value ?? "—"),
      isDocument: !column.hidden && column.type === "jsonb" && value !== null,
      href: referenceHref(column, value),
    };
  });
}

export interface EditField {
  readonly name: string;
  readonly id: string;
  readonly value: string;
  readonly help: string;
  readonly choices: readonly { readonly value: string; readonly chosen: boolean }[];
  readonly long: boolean;
  readonly fixed: boolean;
  readonly required: boolean;
}

/** Fields of a form: generated and hidden columns are not among them; a key is entered once. */
export function editFields(
  table: TableShape,
  values: Readonly<Record<string, string | null>>,
  isNew: boolean,
): EditField[] {
  return table.columns
    .filter(({ hidden, generated }) => !hidden && !generated)
    .map((column) => {
      const value = values[column.name] ?? "";
      const choices = column.type === "boolean" ? ["true", "false"] : column.choices;
      return {
        name: column.name,
        id: `field-${column.name}`,
        value,
        help: helpOf(column),
        choices:
          choices.length === 0
            ? []
            : [...(column.nullable ? [""] : []), ...choices].map((each) => ({
                value: each,
                chosen: each === value,
              })),
        long: column.type === "jsonb" || value.length > 80,
        fixed: column.primary && !isNew,
        required: !column.nullable && column.type !== "text",
      };
    });
}

/** What a form holds, as the database takes it: an empty field of a nullable column is NULL. */
export function enteredValues(
  table: TableShape,
  body: Readonly<Record<string, unknown>>,
  isNew: boolean,
): Record<string, string | null> {
  const values: Record<string, string | null> = {};
  for (const column of table.columns) {
    const entered = body[`c.${column.name}`];
    if (column.hidden || column.generated || typeof entered !== "string") continue;
    if (column.primary && !isNew) continue;
    values[column.name] = entered === "" && column.nullable ? null : entered;
  }
  return values;
}

/** What is wrong with entered values before the database is asked: column, value, rule. */
export function valueProblems(
  table: TableShape,
  values: Readonly<Record<string, string | null>>,
): { readonly field: string; readonly words: string }[] {
  return table.columns.flatMap((column) => {
    const value = values[column.name];
    if (value === undefined || value === null) return [];
    const words = valueProblem(column, value);
    return words === null ? [] : [{ field: `field-${column.name}`, words: `${column.name}: ${words}` }];
  });
}

function valueProblem({ type, choices }: TableColumn, value: string): string | null {
  if (choices.length > 0 && !choices.includes(value))
    return `"${shortened(value)}" is none of ${choices.join(", ")}.`;
  if (/^(int|bigint|bigserial|smallint)/.test(type) && !/^[-+]?\d{1,18}$/.test(value.trim()))
    return `"${shortened(value)}" is not a whole number.`;
  if (/^(numeric|double|real)/.test(type) && !/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?$/i.test(value.trim()))
    return `"${shortened(value)}" is not a number.`;
  if (type === "boolean" && value !== "true" && value !== "false")
    return `"${shortened(value)}" is neither true nor false.`;
  if (type.startsWith("timestamptz")) {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(value) || Number.isNaN(Date.parse(value)))
      return `"${shortened(value)}" is not an instant such as 2026-11-20T07:14:32.418Z.`;
  }
  if (type === "jsonb") {
    try {
      JSON.parse(value);
    } catch (error) {
      return `it is no JSON: ${(error as Error).message}.`;
    }
  }
  return value.includes("\u0000") ? "it holds a NUL character." : null;
}

/** `3 rows of request point here by user_id and keep it` … */
export function dependentWords({ table, column, rows, cascades }: Dependent): string {
  const many = rows === 1 ? "1 row" : `${rows} rows`;
  return cascades
    ? `${many} of ${table} (${column}) would be deleted with it.`
    : `${many} of ${table} (${column}) ${rows === 1 ? "points" : "point"} at it: it stays until they are gone.`;
}

export function policyModel(policy: TablePolicy) {
  return {
    why: policy.why,
    page: policy.page,
    create: policy.create,
    change: policy.change,
    remove: policy.remove,
  };
}

function helpOf({ type, nullable, references, choices }: TableColumn): string {
  const parts = [
    references === null ? typeWords(type) : `key of a row of ${references}`,
    ...(choices.length > 0 ? [] : [nullable ? "may be empty" : ""]),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function typeWords(type: string): string {
  if (type.startsWith("timestamptz")) return "instant in UTC such as 2026-11-20T07:14:32.418Z";
  if (type === "jsonb") return "JSON";
  if (/^(int|bigint|smallint)/.test(type)) return "whole number";
  if (/^(numeric|double|real)/.test(type)) return "number";
  return type === "boolean" ? "true or false" : "text";
}

function hiddenWords({ type }: TableColumn): string {
  return type === "bytea" ? "raw bytes, not shown" : "secret, never shown";
}

function referenceHref({ references }: TableColumn, value: string | null): string {
  return references === null || value === null ? "" : rowHref(references, value);
}

function shortened(text: string): string {
  return text.length <= CELL_MAX ? text : `${text.slice(0, CELL_MAX)}…`;
}
