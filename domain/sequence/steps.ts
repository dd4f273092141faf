import { ditherPosition, type Dither } from "./dither.ts";

/** A plan as far as its order counts. */
export interface PlanToTake {
  readonly filter: string;
  readonly count: number;
  /** Numbers of the frames to take. */
  readonly frames: readonly number[];
}

export interface AlbumToTake<Plan extends PlanToTake> {
  readonly plans: readonly Plan[];
}

/** Frames of one plan that an arm takes within a step, in order. */
export interface Run<Plan> {
  readonly plan: Plan;
  readonly frames: readonly number[];
}

/** One arm's share of a step. */
export interface Share<Album, Plan> {
  readonly album: Album;
  readonly runs: readonly Run<Plan>[];
}

/**
 * What all arms take, each at its own pace, between two moments at which all of them must be idle: a dither, or a
 * change of the filter wheel that sits on the telescope.
 */
export interface SequenceStep<Album, Plan> {
  /** Filter of the telescope's own wheel; null when each camera has its own or none. */
  readonly sharedFilter: string | null;
  /** Position of the dither pattern, 0 is the target itself. */
  readonly position: number;
  readonly shares: readonly Share<Album, Plan>[];
}

/**
 * The steps of a sequence in order. Without a dither and with wheels on the cameras there is one. A wheel on the
 * telescope turns once per filter for all arms, in the order in which the albums name the filters; within a filter, or
 * without such a wheel, the dither pattern is gone through once. Frames keep the order of their plans.
 */
export function stepsOf<Plan extends PlanToTake, Album extends AlbumToTake<Plan>>(
  albums: readonly Album[],
  { sharesWheel, dither }: { readonly sharesWheel: boolean; readonly dither: Dither | null },
): SequenceStep<Album, Plan>[] {
  const filters = sharesWheel
    ? [...new Set(albums.flatMap(({ plans }) => plans.map((plan) => plan.filter)))]
    : [null];
  const positions = Array.from({ length: dither?.positions ?? 1 }, (_, position) => position);
  return filters
    .flatMap((sharedFilter) =>
      positions.map((position) => ({
        sharedFilter,
        position,
        shares: albums
          .map((album) => ({ album, runs: runsOf(album, sharedFilter, position, dither) }))
          .filter(({ runs }) => runs.length > 0),
      })),
    )
    .filter(({ shares }) => shares.length > 0);
}

function runsOf<Plan extends PlanToTake>(
  { plans }: AlbumToTake<Plan>,
  sharedFilter: string | null,
  position: number,
  dither: Dither | null,
): Run<Plan>[] {
  return plans
    .filter((plan) => sharedFilter === null || plan.filter === sharedFilter)
    .map((plan) => ({
      plan,
      frames: plan.frames.filter((n) => ditherPosition(dither, n, plan.count) === position),
    }))
    .filter(({ frames }) => frames.length > 0);
}
