import * as fc from "fast-check";
import type { FrozenRow, Problem, Relation, SequenceInput } from "../index.ts";

/**
 * Problems with everything a problem may have, on a night of at most 200 ms so that every place can be tried. Some of their
 * sequences can never be planned; all are well formed.
 */
export const arbitraryProblem: fc.Arbitrary<Problem> = fc
  .record({
    lengthMs: fc.integer({ min: 0, max: 200 }),
    nowMs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -5, max: 120 }) },
    ),
    quotas: fc.array(fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }), {
      minLength: 1,
      maxLength: 3,
    }),
    telescopes: fc.constantFrom(undefined, ["t1"], ["t1", "t2"], ["t1", "t2", "t3"]),
    sequences: fc.array(arbitraryFields(), { maxLength: 14 }),
    frozen: fc.array(
      fc.record({
        atMs: fc.integer({ min: -20, max: 180 }),
        lengthMs: fc.integer({ min: 1, max: 40 }),
        pick: fc.nat(),
      }),
      { maxLength: 2 },
    ),
    unavailable: fc.array(
      fc.record({
        atMs: fc.integer({ min: -20, max: 200 }),
        lengthMs: fc.integer({ min: 0, max: 60 }),
        pick: fc.nat(),
      }),
      { maxLength: 2 },
    ),
    relations: fc.array(
      fc.record({ kind: fc.nat(6), a: fc.nat(), b: fc.nat(), minMs: fc.nat(20), spanMs: fc.nat(60) }),
      {
        maxLength: 3,
      },
    ),
    alertsBelow: fc.constantFrom(0, 10, 20),
  })
  .map(
    ({
      lengthMs,
      nowMs,
      quotas,
      telescopes,
      sequences,
      frozen,
      unavailable,
      relations,
      alertsBelow,
    }): Problem => {
      const ids = sequences.map((_, k) => `s${k}`);
      const telescopeAt = (pick: number): { telescope: string } | Record<string, never> =>
        telescopes === undefined ? {} : { telescope: telescopes[pick % telescopes.length] ?? "t1" };
      return {
        schema: "vesper-scheduling-problem/1",
        night: { startUnixMs: 1_763_668_800_000, lengthMs },
        nowMs,
        alertsBelow,
        owners: Object.fromEntries(
          quotas.map((quota, k) => [`o${k}`, quota === undefined ? {} : { quotaLeftMs: quota }]),
        ),
        ...(telescopes === undefined
          ? {}
          : {
              telescopes: telescopes.map((id, k) => ({
                id,
                instruments: k === 1 ? ["cam"] : ["cam", "nir"],
              })),
            }),
        sequences: sequences.map((fields, k) => ({
          ...fields,
          id: `s${k}`,
          owner: `o${fields.owner % quotas.length}`,
        })),
        frozen: frozen.map((row, k): FrozenRow => ({
          sequenceId: k === 0 && ids.length > 0 ? (ids[row.pick % ids.length] ?? "s0") : `before${k}`,
          ...telescopeAt(row.pick),
          tspMs: row.atMs,
          tepMs: row.atMs + row.lengthMs,
          status: row.pick % 2 === 0 ? "done" : "executing",
        })),
        unavailable: unavailable.map((hole) => ({
          startMs: hole.atMs,
          endMs: hole.atMs + hole.lengthMs,
          ...(hole.pick % 3 === 0 ? telescopeAt(hole.pick) : {}),
          ...(hole.pick % 5 === 0 ? { instrument: "nir" } : {}),
          ...(hole.pick % 2 === 0 ? { reason: `reason ${hole.pick % 7}` } : {}),
        })),
        relations: relations.flatMap(({ kind, a, b, minMs, spanMs }): Relation[] => {
          const [first, second] = [ids[a % ids.length], ids[b % ids.length]];
          if (first === undefined || second === undefined || first === second) return [];
          if (kind === 0) return [{ kind: "together", sequences: [first, second] }];
          // Nobody's: a fault of those it names.
          if (kind === 1) return [{ kind: "after", sequence: first, after: `nobody-${b % 3}` }];
          return [
            {
              kind: "after",
              sequence: first,
              after: second,
              minMs,
              ...(kind % 2 === 0 ? {} : { maxMs: minMs + spanMs }),
            },
          ];
        }),
      };
    },
  );

function arbitraryFields(): fc.Arbitrary<Omit<SequenceInput, "id" | "owner"> & { owner: number }> {
  return fc
    .record({
      owner: fc.nat(2),
      priority: fc.integer({ min: 0, max: 40 }).map((tenths) => tenths * 2.5),
      durationMs: fc.integer({ min: 1, max: 40 }),
      overheadMs: fc.integer({ min: 0, max: 8 }),
      windows: fc.array(
        fc.record({
          startMs: fc.integer({ min: -30, max: 180 }),
          lengthMs: fc.integer({ min: 1, max: 200 }),
          on: fc.nat(8),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      preferredMs: fc.option(fc.integer({ min: -50, max: 250 })),
      instruments: fc.constantFrom(undefined, undefined, ["cam"], ["nir"]),
      merit: fc.option(
        fc.array(
          fc.record({ atMs: fc.integer({ min: -10, max: 210 }), value: fc.integer({ min: 0, max: 5 }) }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        { nil: undefined, freq: 4 },
      ),
    })
    .map(({ windows, instruments, merit, ...fields }) => ({
      ...fields,
      windows: windows.map(({ startMs, lengthMs, on }) => ({
        startMs,
        endMs: startMs + lengthMs,
        ...(on === 0 ? { telescope: "t1" } : {}),
      })),
      ...(instruments === undefined ? {} : { instruments }),
      ...(merit === undefined ? {} : { merit }),
    }));
}
