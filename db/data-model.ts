import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type EntityMetadata, type EntityProperty, ReferenceKind } from "@mikro-orm/core";
import { MikroORM } from "@mikro-orm/postgresql";
import { ormOptions } from "./orm-options.ts";

const ENTITIES_FOLDER = fileURLToPath(new URL("entities/", import.meta.url));

/** One table as the entities describe it. */
export interface TableModel {
  readonly name: string;
  readonly about: string;
  readonly columns: readonly ColumnModel[];
  /** Rules on rows, in SQL. */
  readonly rules: readonly string[];
}

export interface ColumnModel {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly primary: boolean;
  readonly unique: boolean;
  /** Table whose row must be there; null when it refers to none. */
  readonly refersTo: string | null;
}

/** Every table, by name. Needs no database. */
export async function tableModels(): Promise<TableModel[]> {
  const orm = new MikroORM(
    ormOptions("postgres://nobody@127.0.0.1:1/none", {
      connectTimeoutMs: 1,
      statementTimeoutMs: 0,
      poolMax: 1,
    }),
  );
  try {
    const about = descriptions();
    return [...orm.getMetadata().getAll().values()]
      .map((meta) => tableModel(meta, about.get(meta.className) ?? ""))
      .sort((a, b) => a.name.localeCompare(b.name));
  } finally {
    await orm.close(true);
  }
}

function tableModel(meta: EntityMetadata, about: string): TableModel {
  const stored = meta.props.filter((property) => property.persist !== false);
  const groups = [
    ...meta.uniques.map(({ properties }) => `unique (${columnsOf(meta, properties)})`),
    ...(meta.primaryKeys.length > 1 ? [`primary key (${columnsOf(meta, meta.primaryKeys)})`] : []),
    ...meta.checks.flatMap(({ expression }) => (typeof expression === "string" ? [expression] : [])),
  ];
  return { name: meta.tableName, about, columns: stored.map(columnModel), rules: groups };
}

function columnsOf(meta: EntityMetadata, properties: unknown): string {
  return [properties]
    .flat()
    .map(
      (name) => meta.props.find((property) => property.name === name)?.fieldNames.join(", ") ?? String(name),
    )
    .join(", ");
}

function columnModel(property: EntityProperty): ColumnModel {
  const isReference = [ReferenceKind.MANY_TO_ONE, ReferenceKind.ONE_TO_ONE].includes(property.kind);
  return {
    name: property.fieldNames.join(", "),
    type: property.columnTypes.join(", "),
    nullable: property.nullable === true,
    primary: property.primary === true,
    unique: property.unique === true,
    refersTo: isReference ? (property.targetMeta?.tableName ?? null) : null,
  };
}

/** The comment above each entity in its file, in one line, by the entity's name. */
function descriptions(): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(ENTITIES_FOLDER)) {
    const source = readFileSync(`${ENTITIES_FOLDER}${name}`, "utf8");
    for (const [, comment = "", entity = ""] of source.matchAll(
      /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export const (\w+) = defineEntity/g,
    )) {
      found.set(entity, comment.replaceAll(/\s*\n\s*\*\s?/g, " ").trim());
    }
  }
  return found;
}

/** `docs/data.md`: the diagram of all tables and, for each, its columns and rules. */
export async function dataModelDocument(): Promise<string> {
  const tables = await tableModels();
  return [
    "# The data model",
    "",
    `${tables.length} tables in PostgreSQL. This file is written by \`vesper data-model\` from the entities in \`db/entities\`; a test`,
    "compares the two. Instants are `timestamptz(3)`, exact to the millisecond; `…_wall_at` is the machine's time, `…_at` the",
    "observatory's. A reference is a foreign key: nothing can point at a row that is not there.",
    "",
    "```mermaid",
    "erDiagram",
    ...tables.flatMap(relations),
    "```",
    "",
    ...tables.flatMap(section),
  ].join("\n");
}

function relations(table: TableModel): string[] {
  return table.columns.flatMap((column) => {
    if (column.refersTo === null) return [];
    const many = column.unique || isOnlyKey(table, column) ? "o|" : "o{";
    return [
      `    ${column.refersTo} ${column.nullable ? "|o" : "||"}--${many} ${table.name} : ${column.name}`,
    ];
  });
}

function isOnlyKey(table: TableModel, column: ColumnModel): boolean {
  return column.primary && table.columns.filter(({ primary }) => primary).length === 1;
}

function section(table: TableModel): string[] {
  const rows = table.columns.map((column) => [`\`${column.name}\``, column.type, notes(column)]);
  const rules = table.rules.map((rule) => `- \`${rule.replaceAll(/\s+/g, " ").trim()}\``);
  return [
    `## ${table.name}`,
    "",
    ...(table.about === "" ? [] : [table.about, ""]),
    ...aligned(["column", "type", ""], rows),
    "",
    ...(rules.length === 0 ? [] : [...rules, ""]),
  ];
}

function notes(column: ColumnModel): string {
  return [
    ...(column.primary ? ["key"] : []),
    ...(column.refersTo === null ? [] : [`refers to ${column.refersTo}`]),
    ...(column.unique ? ["unique"] : []),
    ...(column.nullable ? ["may be empty"] : []),
  ].join(", ");
}

/** A Markdown table with its columns in line. */
function aligned(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((word, i) => Math.max(3, word.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}
