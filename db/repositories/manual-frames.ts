import type { MikroORM } from "@mikro-orm/postgresql";
import { Programme } from "../entities/programme.ts";
import { Request } from "../entities/request.ts";
import { Sequence } from "../entities/sequence.ts";
import { insertSequences } from "./requests.ts";

/** One frame that a person takes by hand. */
export interface NewManualFrame {
  /** Short and unique. */
  readonly id: string;
  /** Night that it belongs to, yyyy-mm-dd of the local noon. */
  readonly date: string;
  readonly by: string;
  readonly userId: string | null;
  readonly target: { readonly name: string; readonly raDeg: number; readonly decDeg: number };
  readonly instrumentId: string;
  readonly filter: string;
  readonly exposureS: number;
  /** Observatory time. */
  readonly nowMs: number;
  readonly wallMs: number;
}

/** Programme of all frames taken by hand: nobody is granted time from it, nobody may ask for it. */
const PROGRAMME_ID = "MANUAL";
const A_DAY_MS = 86_400_000;

export type ManualFrameRepository = ReturnType<typeof createManualFrameRepository>;

export function createManualFrameRepository(orm: MikroORM) {
  /** The rows of one frame: a request per night, a sequence per frame. Opened twice it is there once. */
  const open = async (frame: NewManualFrame) =>
    orm.em.fork().transactional(async (em) => {
      const requestId = `manual-${frame.date}`;
      const sequenceId = `${requestId}-${frame.id}`;
      const requestName = `By hand, ${frame.date}`;
      const albumId = `${sequenceId}-${frame.instrumentId}`;
      // Two frames of one night count on from each other.
      await em.execute("select pg_advisory_xact_lock(hashtext(?))", [requestId]);
      await em
        .createQueryBuilder(Programme)
        .insert({
          id: PROGRAMME_ID,
          name: "Operations by hand",
          kind: "routine",
          priority: 0,
          description: "Frames that operators take by hand",
          active: false,
        })
        .onConflict(["id"])
        .ignore()
        .execute();
      await em
        .createQueryBuilder(Request)
        .insert({
          id: requestId,
          kind: "manual",
          name: requestName,
          comment: "Frames taken by hand under the maintenance hold",
          status: "closed",
          programmeId: PROGRAMME_ID,
          userId: frame.userId,
          alertKey: null,
          createdWallMs: frame.wallMs,
          submittedWallMs: null,
        })
        .onConflict(["id"])
        .ignore()
        .execute();
      if ((await em.count(Sequence, { id: sequenceId })) === 0) {
        const { name: targetName, raDeg, decDeg } = frame.target;
        await insertSequences(em, [
          {
            id: sequenceId,
            requestId,
            ordinal: (await em.count(Sequence, { requestId })) + 1,
            generation: 0,
            status: "executing",
            sequence: {
              targetName,
              raDeg,
              decDeg,
              windowStartMs: frame.nowMs,
              windowEndMs: frame.nowMs + A_DAY_MS,
              preferredMs: null,
              priority: 0,
              constraints: { minAltDeg: 0, maxAirmass: null, minMoonSepDeg: 0, maxSunAltDeg: 90 },
              albums: [
                {
                  instrumentId: frame.instrumentId,
                  plans: [{ filter: frame.filter, exposureS: frame.exposureS, count: 1 }],
                },
              ],
              overheadS: 0,
              durationS: frame.exposureS,
            },
            wallMs: frame.wallMs,
          },
        ]);
      }
      return { planId: `${albumId}-1`, albumId, sequenceId, requestName, programmeId: PROGRAMME_ID };
    });

  return { open };
}
