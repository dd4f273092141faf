import { Type } from "typebox";
import type { FastifyRequest } from "fastify";
import type { TableRow, TableShape } from "../../../db/repositories/back-office.ts";
import { tablePolicy } from "../../../domain/people/back-office.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { Problem } from "../../problem.ts";
import { valueProblems } from "./view-model.ts";

/** Longest value that the audit keeps of a column. */
const AUDITED_MAX = 500;
export const TableSchema = Type.Object({ table: Type.String({ maxLength: 63, pattern: "^[a-z_]+$" }) });

export type Office = ReturnType<typeof createOffice>;

/** What pages and programs do alike: policies, checks, the audit. */
export function createOffice({ deps, identities }: ApiContext) {
  const { backOffice } = deps.database;
  const audit = createAudit(deps);

  function found(name: string): TableShape {
    const table = backOffice.shape(name);
    if (table === null) throw new Problem(404, `There is no table ${name}.`);
    return table;
  }

  async function row(table: TableShape, key: string): Promise<TableRow> {
    const present = await backOffice.one(table, key);
    if (present === null) throw new Problem(404, `There is no row ${key} of ${table.name}.`);
    return present;
  }

  function refuseUnless(table: TableShape, act: "create" | "change" | "remove"): void {
    const policy = tablePolicy(table.name);
    if (!policy[act]) throw new Problem(409, policy.why);
  }

  function refuseWrong(table: TableShape, values: Readonly<Record<string, string | null>>): void {
    const problems = valueProblems(table, values);
    if (problems.length > 0) throw new WrongValues(problems);
  }

  async function create(
    request: FastifyRequest,
    table: TableShape,
    values: Readonly<Record<string, string | null>>,
  ): Promise<TableRow> {
    refuseWrong(table, values);
    const created = await backOffice.create(table, values);
    await audit(request, "admin.create", `${table.name}/${created.key}`, { to: shortened(created.values) });
    return created;
  }

  async function change(
    request: FastifyRequest,
    table: TableShape,
    key: string,
    version: string,
    values: Readonly<Record<string, string | null>>,
  ): Promise<TableRow> {
    refuseWrong(table, values);
    const { before, after } = await backOffice.change(table, key, version, values);
    const changed = Object.keys(after.values).filter((name) => before.values[name] !== after.values[name]);
    const only = (of: TableRow): Record<string, string | null> =>
      shortened(Object.fromEntries(changed.map((name) => [name, of.values[name] ?? null])));
    if (changed.length > 0)
      await audit(request, "admin.change", `${table.name}/${key}`, { from: only(before), to: only(after) });
    // A disabled or demoted person goes on for no moment.
    if (table.name === "user") identities.forgetUser(key);
    return after;
  }

  async function remove(
    request: FastifyRequest,
    table: TableShape,
    key: string,
    version: string,
  ): Promise<void> {
    const before = await backOffice.remove(table, key, version);
    await audit(request, "admin.delete", `${table.name}/${key}`, { from: shortened(before.values) });
  }

  /** Search, filter and order of a list as an address says them: `sort=name` or `sort=-name`. */
  function query(of: { text: string; column: string; value: string; sort: string }) {
    return {
      ...(of.text === "" ? {} : { text: of.text }),
      ...(of.column === "" || of.value === "" ? {} : { filter: { column: of.column, value: of.value } }),
      ...(of.sort === ""
        ? {}
        : { sort: { column: of.sort.replace(/^-/, ""), descending: of.sort.startsWith("-") } }),
    };
  }

  return { found, row, refuseUnless, create, change, remove, query };
}

/** Entered values that are not of their column's type. */
export class WrongValues extends Error {
  override readonly name = "WrongValues";
  readonly problems: readonly { readonly field: string; readonly words: string }[];

  constructor(problems: readonly { readonly field: string; readonly words: string }[]) {
    super(problems.map(({ words }) => words).join(" "));
    this.problems = problems;
  }
}

function shortened(values: Readonly<Record<string, string | null>>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      value !== null && value.length > AUDITED_MAX ? `${value.slice(0, AUDITED_MAX)}…` : value,
    ]),
  );
}
