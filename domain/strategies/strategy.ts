/**
 * A strategy file: which notices open an alert and move the telescope, within which limits, and what is then
 * observed. The rules are data (observatories/strategies/*.json, checked against `schema.ts`), so that people can
 * read and change them; the code that applies them is domain/alerts.
 */
export interface Strategy {
  /** File name without extension, e.g. `default`. */
  readonly name: string;
  readonly description: string;
  readonly limits: StrategyLimits;
  /** The first rule that names the stream of a notice counts. */
  readonly rules: readonly StrategyRule[];
}

export interface StrategyLimits {
  /** A T0 further ahead than this is refused: a wrong clock or a replay, s. */
  readonly maxFutureS: number;
  /** Least altitude of the target, deg; the site's own limit counts when it is higher. */
  readonly minAltDeg: number;
  /** Highest altitude of the Sun, deg. */
  readonly maxSunAltDeg: number;
  /** Least distance to the Moon, deg. */
  readonly minMoonSepDeg: number;
  /** A position that moves by more than this re-points the telescope, deg. */
  readonly repointDeg: number;
}

/** What a rule does with a notice that passes its limits. */
export type RuleAction =
  /** opens an alert and asks for the telescope */
  | "slew"
  /** opens an alert that waits for a better position */
  | "open"
  /** keeps the alert on hold until another notice decides */
  | "hold"
  /** stores the notice, observes nothing */
  | "record";

export interface StrategyRule {
  readonly name: string;
  /** Why the rule is so, for people. */
  readonly about: string;
  /** Stream names of domain/alerts/streams.ts. */
  readonly streams: readonly string[];
  readonly action: RuleAction;
  /** Priority of the alert's sequences, 1 (best) to 10. */
  readonly rank: number;
  /** The event is observed until this long after its T0, s; a first notice that arrives later is only recorded. */
  readonly validS: number;
  /** Largest 90 % error radius, systematic included, that is pointed at, deg; above it the alert only opens. */
  readonly maxErrorDeg?: number;
  /** Least signal to noise, sigma; below it the alert is held. */
  readonly minSignificance?: number;
  /** Least probability (0 to 1) of being a burst, where the stream gives a class; below it the alert is held. */
  readonly minClassProbability?: number;
  /** Largest false alarm rate, Hz; above it the alert is held. */
  readonly maxFarHz?: number;
  /** Held until a notice of one of these streams, of the same trigger, is itself fit to open an alert. */
  readonly needs?: readonly string[];
  /** Ask a person before anything moves. */
  readonly askHuman?: boolean;
  readonly observation: Observation;
}

export interface Observation {
  /** Frames to take on each pointing, in order. */
  readonly plan: readonly StrategyPlan[];
  /** How a position that does not fit the field is covered; without it the centre alone is observed. */
  readonly tiling?: Tiling;
  /** The same place again later. */
  readonly followUps?: readonly FollowUp[];
}

export interface Tiling {
  /** Most fields to observe. */
  readonly maxTiles: number;
  /** Part of a field's side that overlaps with its neighbour, 0 to below 1. */
  readonly overlap: number;
}

export interface FollowUp {
  /** Time after T0, s. */
  readonly afterS: number;
  readonly plan: readonly StrategyPlan[];
}

export interface StrategyPlan {
  /** Instrument id of the observatory file, e.g. `vis`. */
  readonly instrument: string;
  readonly filter: string;
  readonly exposureS: number;
  readonly count: number;
}

/** The rule for a stream, or undefined when no rule names it. */
export function ruleFor(strategy: Strategy, stream: string): StrategyRule | undefined {
  return strategy.rules.find((rule) => rule.streams.includes(stream));
}
