import { MikroORM } from "@mikro-orm/postgresql";
import { DatabaseUnavailable, isDatabaseUnavailable, shownAddress } from "./connection.ts";
import { ormOptions } from "./orm-options.ts";
import { createAccountRepository } from "./repositories/accounts.ts";
import { createAlarmRepository } from "./repositories/alarms.ts";
import { createAlertRepository } from "./repositories/alerts.ts";
import { createApplicationRepository } from "./repositories/applications.ts";
import { createAnalysisRepository } from "./repositories/analyses.ts";
import { createAuditRepository } from "./repositories/audits.ts";
import { createCalibratedImageRepository } from "./repositories/calibrated-images.ts";
import { createCalibrationRepository } from "./repositories/calibrations.ts";
import { createBackOffice } from "./repositories/back-office.ts";
import { createClockRepository } from "./repositories/clock.ts";
import { createDeviceCommandRepository } from "./repositories/device-commands.ts";
import { createDeviceRepository } from "./repositories/devices.ts";
import { createExposureRepository } from "./repositories/exposures.ts";
import { createFiguresRepository } from "./repositories/figures.ts";
import { createFscMessageRepository } from "./repositories/fsc-messages.ts";
import { createHappeningRepository } from "./repositories/happenings.ts";
import { createHoldRepository } from "./repositories/holds.ts";
import { createImageRepository } from "./repositories/images.ts";
import { createIntakeRepository } from "./repositories/intake.ts";
import { createJournalRepository } from "./repositories/journal.ts";
import { createLateCommandRepository } from "./repositories/late-commands.ts";
import { createLeaseRepository } from "./repositories/lease.ts";
import { createLostWorkflowRepository } from "./repositories/lost-workflows.ts";
import { createManualFrameRepository } from "./repositories/manual-frames.ts";
import { createMasterRepository } from "./repositories/masters.ts";
import { createNightRepository } from "./repositories/nights.ts";
import { createNoticeRepository } from "./repositories/notices.ts";
import { createNotificationRepository } from "./repositories/notifications.ts";
import { createOutboxRepository } from "./repositories/outbox.ts";
import { createProgrammeRepository } from "./repositories/programmes.ts";
import { createQuotaRepository } from "./repositories/quota.ts";
import { createRequestDraftRepository } from "./repositories/request-drafts.ts";
import { createRequestRepository } from "./repositories/requests.ts";
import { createScheduleRepository } from "./repositories/schedules.ts";
import { createSequenceRepository } from "./repositories/sequences.ts";
import { createSessionRepository } from "./repositories/sessions.ts";
import { createTakenRequestRepository } from "./repositories/taken-requests.ts";
import { createAttemptRepository } from "./repositories/attempts.ts";
import { createSignInFailureRepository } from "./repositories/sign-in-failures.ts";
import { createStrategyRepository } from "./repositories/strategies.ts";
import { createTokenRepository } from "./repositories/tokens.ts";
import { createUserRepository } from "./repositories/users.ts";
import { createWeatherRepository } from "./repositories/weather.ts";

export interface DatabaseOptions {
  /** Longest run of one statement, wall ms; 2500 when absent (the api), 0 for none. */
  readonly statementTimeoutMs?: number;
  /** Longest wait for a connection, wall ms; 2000 when absent. */
  readonly connectTimeoutMs?: number;
  /** Most connections of this process; 10 when absent. */
  readonly poolMax?: number;
}

export type Database = Awaited<ReturnType<typeof openDatabase>>;

/**
 * Opens the database at `url` and proves that it answers. The schema must be migrated (db/migrate.ts).
 * Throws DatabaseUnavailable, saying where it looked, when nothing answers there.
 */
export async function openDatabase(url: string, options: DatabaseOptions = {}) {
  const orm = new MikroORM(
    ormOptions(url, {
      statementTimeoutMs: options.statementTimeoutMs ?? 2_500,
      connectTimeoutMs: options.connectTimeoutMs ?? 2_000,
      poolMax: options.poolMax ?? 10,
    }),
  );
  const ping = async (): Promise<void> => {
    try {
      await orm.em.fork().execute("select 1");
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      throw new DatabaseUnavailable(`PostgreSQL at ${shownAddress(url)} does not answer: is it running?`, {
        cause: error,
      });
    }
  };
  try {
    await ping();
  } catch (error) {
    await orm.close(true);
    throw error;
  }
  return {
    orm,
    /** Resolves when the database answers; throws DatabaseUnavailable when it does not. For /readyz. */
    ping,
    accounts: createAccountRepository(orm),
    alarms: createAlarmRepository(orm),
    alerts: createAlertRepository(orm),
    applications: createApplicationRepository(orm),
    analyses: createAnalysisRepository(orm),
    audits: createAuditRepository(orm),
    calibratedImages: createCalibratedImageRepository(orm),
    calibrations: createCalibrationRepository(orm),
    backOffice: createBackOffice(orm),
    clock: createClockRepository(orm),
    deviceCommands: createDeviceCommandRepository(orm),
    devices: createDeviceRepository(orm),
    exposures: createExposureRepository(orm),
    figures: createFiguresRepository(orm),
    fscMessages: createFscMessageRepository(orm),
    holds: createHoldRepository(orm),
    images: createImageRepository(orm),
    intake: createIntakeRepository(orm),
    happenings: createHappeningRepository(orm),
    journal: createJournalRepository(orm),
    lease: createLeaseRepository(orm),
    manualFrames: createManualFrameRepository(orm),
    lostWorkflows: createLostWorkflowRepository(orm),
    masters: createMasterRepository(orm),
    nights: createNightRepository(orm),
    notices: createNoticeRepository(orm),
    notifications: createNotificationRepository(orm),
    outbox: createOutboxRepository(orm),
    programmes: createProgrammeRepository(orm),
    quota: createQuotaRepository(orm),
    requestDrafts: createRequestDraftRepository(orm),
    requests: createRequestRepository(orm),
    schedules: createScheduleRepository(orm),
    sequences: createSequenceRepository(orm),
    sessions: createSessionRepository(orm),
    attempts: createAttemptRepository(orm),
    takenRequests: createTakenRequestRepository(orm),
    lateCommands: createLateCommandRepository(orm),
    signInFailures: createSignInFailureRepository(orm),
    strategies: createStrategyRepository(orm),
    tokens: createTokenRepository(orm),
    users: createUserRepository(orm),
    weather: createWeatherRepository(orm),
    /** Closes every connection. */
    close: async (): Promise<void> => {
      await orm.close(true);
    },
  };
}
