import type { Refusal } from "./eligibility.ts";
import type { AfterRelation, FrozenRow, Interval, Relation } from "./problem.ts";
import { asText, compareText, isMs, isObject } from "./read-problem.ts";
import { within, type Task } from "./task.ts";

/** `task` starts from minMs to maxMs after the end of `after`. */
export interface TaskLink {
  readonly task: Task;
  readonly after: Task;
  readonly minMs: number;
  readonly maxMs: number;
}

/** First and last start of a task that its links allow while all others stand; `timesOf` is null for what is not planned. */
export function linkedRoom(
  task: Task,
  links: readonly TaskLink[],
  timesOf: (other: Task) => Interval | null,
): [fromMs: number, toMs: number] {
  let fromMs = Number.NEGATIVE_INFINITY;
  let toMs = Number.POSITIVE_INFINITY;
  for (const link of links) {
    const other = timesOf(link.task.rank === task.rank ? link.after : link.task);
    if (other === null) continue;
    if (link.task.rank === task.rank) {
      fromMs = Math.max(fromMs, other.endMs + link.minMs);
      toMs = Math.min(toMs, other.endMs + link.maxMs);
    } else {
      fromMs = Math.max(fromMs, other.startMs - link.maxMs - task.needMs);
      toMs = Math.min(toMs, other.startMs - link.minMs - task.needMs);
    }
  }
  return [fromMs, toMs];
}

/** Links by the rank of each of their two tasks. */
export function linksByRank(links: readonly TaskLink[]): ReadonlyMap<number, readonly TaskLink[]> {
  const byRank = new Map<number, TaskLink[]>();
  for (const link of links) {
    for (const { rank } of [link.task, link.after]) {
      const ofTask = byRank.get(rank);
      if (ofTask === undefined) byRank.set(rank, [link]);
      else ofTask.push(link);
    }
  }
  return byRank;
}

/** Tasks that are planned all or none, each after those of the same unit it follows in time. */
export interface Unit {
  readonly tasks: readonly Task[];
  /** Units of which a task must be planned before this one can be. */
  readonly needs: readonly Unit[];
  /** Links whose later task is in this unit. */
  readonly links: readonly TaskLink[];
}

export interface Related {
  /** In the order of their best task, each after the units it needs. */
  readonly units: readonly Unit[];
  readonly refused: readonly Refusal[];
  readonly links: readonly TaskLink[];
}

/**
 * Groups tasks into units by their relations. "Needs" is a graph: a later sequence needs the earlier one, sequences that go
 * together need each other; what needs each other in a circle (Tarjan 1972) goes all or none.
 * A relation that cannot be read, that names nobody, or a circle in time refuses the sequences it names, and only them.
 */
export function relate(
  tasks: readonly Task[],
  relations: readonly unknown[],
  knownIds: ReadonlySet<string>,
  frozen: readonly Required<FrozenRow>[],
): Related {
  if (relations.length === 0) {
    return { units: tasks.map((task) => ({ tasks: [task], needs: [], links: [] })), refused: [], links: [] };
  }
  const refused = new Map<string, Refusal>();
  const refuse = (id: string, code: "invalid_relation" | "relation", subject: string): void => {
    if (!refused.has(id)) refused.set(id, { sequenceId: id, code, numbers: {}, wonBy: [], subject });
  };
  let byId = new Map(tasks.map((task) => [task.id, task]));
  const frozenById = new Map(frozen.map((row) => [row.sequenceId, row]));
  const sound = readRelations(relations, knownIds, frozenById, refuse);
  for (const id of idsOnTimeCircle(sound)) refuse(id, "invalid_relation", "they go round in a circle");

  // What follows a frozen row has its starts cut; this may leave none.
  for (const relation of sound) {
    if (relation.kind !== "after") continue;
    const row = frozenById.get(relation.after);
    const task = byId.get(relation.sequence);
    if (row === undefined || task === undefined) continue;
    byId.set(
      task.id,
      within(
        task,
        row.tepMs + (relation.minMs ?? 0),
        row.tepMs + (relation.maxMs ?? Number.POSITIVE_INFINITY),
      ),
    );
  }
  for (const task of byId.values()) {
    if (task.starts.every((set) => set.length === 0)) refuse(task.id, "relation", "what it follows");
  }

  // A sequence goes down with the one it needs, until nothing more falls.
  const needs = needsOf(sound, frozenById);
  for (let fell = true; fell;) {
    fell = false;
    for (const [id, others] of needs) {
      if (refused.has(id) || !byId.has(id)) continue;
      const missing = others.find((other) => refused.has(other) || !byId.has(other));
      if (missing === undefined) continue;
      refuse(id, "relation", missing);
      fell = true;
    }
  }
  byId = new Map([...byId].filter(([id]) => !refused.has(id)));
  const links = sound.flatMap((relation) => linkOf(relation, byId) ?? []);
  const taskIds = new Set(tasks.map((task) => task.id));
  const refusals = [...refused.values()].filter((refusal) => taskIds.has(refusal.sequenceId));
  return { units: unitsOf([...byId.values()], needs, links), refused: refusals, links };
}

type Refuse = (id: string, code: "invalid_relation" | "relation", subject: string) => void;

function readRelations(
  relations: readonly unknown[],
  knownIds: ReadonlySet<string>,
  frozen: ReadonlyMap<string, unknown>,
  refuse: Refuse,
): Relation[] {
  const isKnown = (id: unknown): id is string =>
    typeof id === "string" && (knownIds.has(id) || frozen.has(id));
  const sound: Relation[] = [];
  // Of several faults the first one counts, whatever the order of the input.
  for (const relation of relations.toSorted((a, b) => compareText(asText(a), asText(b)))) {
    if (!isObject(relation)) continue;
    const named = relation.kind === "together" ? relation.sequences : [relation.sequence, relation.after];
    const ids: readonly unknown[] = Array.isArray(named) ? named : [named];
    const fault = faultOf(relation, ids, isKnown);
    if (fault === null) sound.push(relation as unknown as Relation);
    else for (const id of ids) if (typeof id === "string") refuse(id, "invalid_relation", fault);
  }
  return sound;
}

function faultOf(
  relation: Record<string, unknown>,
  ids: readonly unknown[],
  isKnown: (id: unknown) => boolean,
): string | null {
  if (relation.kind !== "together" && relation.kind !== "after")
    return "their kind is neither together nor after";
  if (relation.kind === "together" && !Array.isArray(relation.sequences))
    return `they name ${asText(relation.sequences)}, which is no list`;
  const stranger = ids.findIndex((id) => !isKnown(id));
  if (stranger >= 0) return `they name ${quoted(ids[stranger])}, which is not here`;
  if (relation.kind === "together") return null;
  const { minMs = 0, maxMs = null } = relation;
  if (!isMs(minMs) || minMs < 0) return "minMs is no number of 0 or more";
  if (maxMs !== null && (!isMs(maxMs) || maxMs < minMs)) return "maxMs is no number of minMs or more";
  return relation.sequence === relation.after ? "a sequence follows itself" : null;
}

function quoted(id: unknown): string {
  return typeof id === "string" ? `"${id}"` : asText(id);
}

/** Ids that lie on a circle of "after" relations. */
function idsOnTimeCircle(relations: readonly Relation[]): string[] {
  const afters = new Map<string, string[]>();
  for (const relation of relations) {
    if (relation.kind !== "after") continue;
    afters.set(relation.sequence, [...(afters.get(relation.sequence) ?? []), relation.after]);
  }
  return components([...afters.keys()].sort(), afters)
    .filter((ids) => ids.length > 1)
    .flat();
}

function needsOf(
  relations: readonly Relation[],
  frozen: ReadonlyMap<string, unknown>,
): Map<string, string[]> {
  const needs = new Map<string, Set<string>>();
  const add = (id: string, other: string): void => {
    if (id === other || frozen.has(other)) return;
    const others = needs.get(id) ?? new Set();
    needs.set(id, others.add(other));
  };
  for (const relation of relations) {
    if (relation.kind === "after") add(relation.sequence, relation.after);
    else {
      // A ring says the same as all pairs, in fewer words.
      const members = relation.sequences.filter((id) => !frozen.has(id));
      members.forEach((id, k) => add(id, members[(k + 1) % members.length] ?? id));
    }
  }
  const sorted = [...needs].map(([id, others]): [string, string[]] => [id, [...others].sort()]);
  return new Map(sorted.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function linkOf(relation: Relation, byId: ReadonlyMap<string, Task>): TaskLink | null {
  if (relation.kind !== "after") return null;
  const { minMs = 0, maxMs = Number.POSITIVE_INFINITY }: AfterRelation = relation;
  const task = byId.get(relation.sequence);
  const after = byId.get(relation.after);
  return task === undefined || after === undefined ? null : { task, after, minMs, maxMs };
}

function unitsOf(
  tasks: readonly Task[],
  needs: ReadonlyMap<string, readonly string[]>,
  links: readonly TaskLink[],
): Unit[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const unitOf = new Map<string, Unit & { tasks: Task[]; needs: Unit[] }>();
  const inOrder: Unit[] = [];
  const linksOf = new Map<string, TaskLink[]>();
  for (const link of links) linksOf.set(link.task.id, [...(linksOf.get(link.task.id) ?? []), link]);
  // Components come out after those they need: the order in which units can be planned.
  const ids = tasks.toSorted((a, b) => a.rank - b.rank).map((task) => task.id);
  for (const component of components(ids, needs)) {
    const members = component.flatMap((id) => byId.get(id) ?? []);
    const ownLinks = component.flatMap((id) => linksOf.get(id) ?? []);
    const unit = { tasks: inTimeOrder(members, ownLinks), needs: [] as Unit[], links: ownLinks };
    for (const id of component) unitOf.set(id, unit);
    const needed = new Set(
      component.flatMap((id) => needs.get(id) ?? []).flatMap((id) => unitOf.get(id) ?? []),
    );
    needed.delete(unit);
    unit.needs.push(...needed);
    inOrder.push(unit);
  }
  return inOrder;
}

/** By rank, but each after the tasks it follows. */
function inTimeOrder(tasks: readonly Task[], links: readonly TaskLink[]): Task[] {
  const left = tasks.toSorted((a, b) => a.rank - b.rank);
  const ordered: Task[] = [];
  while (left.length > 0) {
    const k = left.findIndex(
      (task) => !links.some((link) => link.task === task && left.includes(link.after)),
    );
    ordered.push(...left.splice(Math.max(k, 0), 1));
  }
  return ordered;
}

/** Strongly connected components (Tarjan 1972), each after those it points to; roots in the order of `ids`. */
function components(ids: readonly string[], edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  // An explicit stack: a cadence may be longer than the call stack is deep.
  for (const root of ids) {
    if (index.has(root)) continue;
    const path: { id: string; next: number }[] = [{ id: root, next: 0 }];
    while (path.length > 0) {
      const top = path.at(-1);
      if (top === undefined) break;
      if (top.next === 0) {
        index.set(top.id, index.size);
        low.set(top.id, index.get(top.id) ?? 0);
        stack.push(top.id);
        onStack.add(top.id);
      }
      const other = edges.get(top.id)?.[top.next++];
      if (other !== undefined) {
        if (!index.has(other)) path.push({ id: other, next: 0 });
        else if (onStack.has(other)) low.set(top.id, Math.min(low.get(top.id) ?? 0, index.get(other) ?? 0));
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) {
        low.set(parent.id, Math.min(low.get(parent.id) ?? 0, low.get(top.id) ?? 0));
      }
      if (low.get(top.id) !== index.get(top.id)) continue;
      const component = stack.splice(stack.lastIndexOf(top.id));
      for (const id of component) onStack.delete(id);
      found.push(component);
    }
  }
  return found;
}
