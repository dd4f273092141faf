import type { FastifyBaseLogger } from "fastify";
import type { Settings } from "../adapters/config/settings.ts";
import type { TemporalGateway } from "../adapters/temporal/gateway.ts";
import type { MembershipGateway } from "../adapters/temporal/membership.ts";
import type { Database } from "../db/orm.ts";
import type { ClockFact } from "../domain/clock.ts";
import type { Observatory } from "../domain/observatory.ts";
import type { Intake } from "../ingest/intake.ts";
import type { Notifications } from "./live/notifications.ts";

/** Everything the web needs from outside. Built by api/server.ts, faked by tests. */
export interface ApiDeps {
  readonly settings: Pick<
    Settings,
    | "home"
    | "port"
    | "publicUrl"
    | "webhookSecret"
    | "icSecret"
    | "fscSecret"
    | "fscWebhookSecret"
    | "temporalUiUrl"
    | "temporalNamespace"
  >;
  readonly database: Database;
  readonly gateway: TemporalGateway;
  /** Decisions on who gets an account. */
  readonly membership: MembershipGateway;
  /** Days the commission votes on a new account; absent or 0: an administrator decides. */
  readonly voteDays?: number;
  readonly intake: Intake;
  readonly observatory: Observatory;
  /** The newest clock fact; kept up to date by the server. */
  readonly clock: () => ClockFact;
  /** Changes that the database announces (NOTIFY). */
  readonly notifications: Notifications;
  readonly nowWallMs: () => number;
  /** Where lines for the engineer go; no log when absent. */
  readonly log?: FastifyBaseLogger;
}
