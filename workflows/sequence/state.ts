import { condition, setCurrentDetails } from "@temporalio/workflow";
import { sharesTelescopeWheel } from "../../domain/observatory.ts";
import type { Dither } from "../../domain/sequence/dither.ts";
import { stepsOf, type SequenceStep, type Share } from "../../domain/sequence/steps.ts";
import { Background } from "../background.ts";
import type { AlbumPlan, PlannedFrames, SequenceInput } from "../messages.ts";
import { recordActivities } from "../proxies.ts";
import { SkyClock } from "../sky-clock.ts";

export type Step = SequenceStep<AlbumPlan, PlannedFrames>;
export type ArmShare = Share<AlbumPlan, PlannedFrames>;

/**
 * What one running attempt at a sequence knows: messages change it, the steps read it after each wait. Pointing, arms
 * and frames are functions over it.
 */
export class RunningSequence {
  readonly input: SequenceInput;
  readonly siteId: string;
  readonly clock: SkyClock;
  readonly background = new Background();
  readonly records: ReturnType<typeof recordActivities>;
  readonly dither: Dither | null;
  readonly steps: readonly Step[];
  /** Why no further frame is started, or null. */
  stop: string | null = null;
  framesStored = 0;
  exposedS = 0;
  /** Devices that cannot be used now, by id with the reason. */
  unavailable: Readonly<Record<string, string>>;
  /** Cameras that expose or read out. */
  readonly busy = new Set<string>();
  /** Albums of which the rest is left out. */
  readonly skipped = new Set<string>();
  private readonly storedByAlbum = new Map<string, number>();

  constructor(input: SequenceInput) {
    this.input = input;
    this.siteId = input.observatory.site.id;
    this.clock = new SkyClock(input.clock);
    this.records = recordActivities(this.siteId);
    this.unavailable = input.unavailable ?? {};
    this.dither = input.plan.dither ?? null;
    this.steps = stepsOf<PlannedFrames, AlbumPlan>(input.plan.albums, {
      sharesWheel: sharesTelescopeWheel(input.observatory),
      dither: this.dither,
    });
  }

  /** The barrier: nothing that all arms share (the pointing, the telescope's filter wheel) moves while one exposes. */
  async allArmsIdle(before: string): Promise<void> {
    setCurrentDetails(`All arms idle before ${before}`);
    await condition(() => this.busy.size === 0);
  }

  stored(albumId: string, exposureS: number): void {
    this.framesStored += 1;
    this.exposedS += exposureS;
    this.storedByAlbum.set(albumId, (this.storedByAlbum.get(albumId) ?? 0) + 1);
  }

  /** Frames stored by the arm that stored most. */
  framesOfLongestArm(): number {
    return Math.max(0, ...this.storedByAlbum.values());
  }

  timeLeftFor(exposureS: number): boolean {
    return this.clock.nowMs() + exposureS * 1_000 <= this.input.notAfterMs;
  }

  /** Stages of an alert's latency ladder; the first stamp of a stage stands. */
  stampStage(stages: { slewStartedAt?: number; shutterOpenedAt?: number; firstImageAt?: number }): void {
    const { alertKey } = this.input.plan;
    if (alertKey !== null)
      this.background.add("stages", () => this.records.stampStages({ alertKey, stages }));
  }
}
