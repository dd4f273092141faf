import { AccountLink } from "./account-link.ts";
import { Alarm } from "./alarm.ts";
import { Album } from "./album.ts";
import { Alert } from "./alert.ts";
import { Analysis } from "./analysis.ts";
import { ApiToken } from "./api-token.ts";
import { Audit } from "./audit.ts";
import { CalibratedImage } from "./calibrated-image.ts";
import { Calibration } from "./calibration.ts";
import { CalibrationFrame } from "./calibration-frame.ts";
import { Clock } from "./clock.ts";
import { DeviceCommand } from "./device-command.ts";
import { DeviceStatus } from "./device-status.ts";
import { Device } from "./device.ts";
import { Exposure } from "./exposure.ts";
import { FscMessage } from "./fsc-message.ts";
import { Hold } from "./hold.ts";
import { Image } from "./image.ts";
import { JournalEntry } from "./journal-entry.ts";
import { LateCommand } from "./late-command.ts";
import { Lease } from "./lease.ts";
import { MembershipApplication } from "./membership-application.ts";
import { MembershipVote } from "./membership-vote.ts";
import { Master } from "./master.ts";
import { Membership } from "./membership.ts";
import { Night } from "./night.ts";
import { Notice } from "./notice.ts";
import { NotificationSettings } from "./notification-settings.ts";
import { OutboxMessage } from "./outbox-message.ts";
import { Plan } from "./plan.ts";
import { Programme } from "./programme.ts";
import { QuotaBalanceRow } from "./quota-balance.ts";
import { QuotaEntry } from "./quota-entry.ts";
import { Report } from "./report.ts";
import { Request } from "./request.ts";
import { RequestDraft } from "./request-draft.ts";
import { Schedule } from "./schedule.ts";
import { ScheduledSequence } from "./scheduled-sequence.ts";
import { SeenPage } from "./seen-page.ts";
import { Sequence } from "./sequence.ts";
import { Session } from "./session.ts";
import { Attempt } from "./attempt.ts";
import { SignInFailure } from "./sign-in-failure.ts";
import { Strategy } from "./strategy.ts";
import { TakenRequest } from "./taken-request.ts";
import { User } from "./user.ts";
import { Weather } from "./weather.ts";

/** Every table there is. A new entity is not known until it stands here. */
export const ENTITIES = [
  AccountLink,
  Alarm,
  Album,
  Alert,
  Analysis,
  ApiToken,
  Attempt,
  Audit,
  CalibratedImage,
  Calibration,
  CalibrationFrame,
  Clock,
  Device,
  DeviceCommand,
  DeviceStatus,
  Exposure,
  FscMessage,
  Hold,
  Image,
  JournalEntry,
  LateCommand,
  Lease,
  Master,
  Membership,
  MembershipApplication,
  MembershipVote,
  Night,
  Notice,
  NotificationSettings,
  OutboxMessage,
  Plan,
  Programme,
  QuotaBalanceRow,
  QuotaEntry,
  Report,
  Request,
  RequestDraft,
  Schedule,
  ScheduledSequence,
  SeenPage,
  Sequence,
  Session,
  SignInFailure,
  Strategy,
  TakenRequest,
  User,
  Weather,
];
