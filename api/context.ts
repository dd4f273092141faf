import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ScheduleDetail } from "../db/repositories/schedules.ts";
import type { ChartCache } from "./charts/cache.ts";
import type { ApiDeps } from "./deps.ts";
import type { LateCommands } from "./late-commands.ts";
import type { Share } from "./live/shared.ts";
import type { StateReader } from "./live/state-reader.ts";
import type { Pages } from "./pages/pages.ts";
import type { Identities } from "./plugins/identity.ts";
import type { Situation } from "./situation/situation.ts";

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What the routes of one noun work with. */
export interface ApiContext {
  readonly app: App;
  readonly deps: ApiDeps;
  readonly pages: Pages;
  readonly identities: Identities;
  readonly stateReader: StateReader;
  readonly situation: () => Promise<Situation>;
  /** The newest schedule, read for all who ask at about the same time. */
  readonly currentSchedule: () => Promise<ScheduleDetail | null>;
  readonly share: Share;
  readonly lateCommands: LateCommands;
  readonly version: string;
  readonly charts: ChartCache;
}
