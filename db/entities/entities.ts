import { Album } from "./album.ts";
import { Alert } from "./alert.ts";
import { ApiToken } from "./api-token.ts";
import { Audit } from "./audit.ts";
import { Clock } from "./clock.ts";
import { Device } from "./device.ts";
import { DeviceCommand } from "./device-command.ts";
import { DeviceStatus } from "./device-status.ts";
import { Exposure } from "./exposure.ts";
import { FscMessage } from "./fsc-message.ts";
import { Hold } from "./hold.ts";
import { Image } from "./image.ts";
import { JournalEntry } from "./journal-entry.ts";
import { Lease } from "./lease.ts";
import { Membership } from "./membership.ts";
import { Night } from "./night.ts";
import { Notice } from "./notice.ts";
import { OutboxMessage } from "./outbox-message.ts";
import { Plan } from "./plan.ts";
import { Programme } from "./programme.ts";
import { QuotaEntry } from "./quota-entry.ts";
import { Request } from "./request.ts";
import { Schedule } from "./schedule.ts";
import { ScheduledSequence } from "./scheduled-sequence.ts";
import { Sequence } from "./sequence.ts";
import { Session } from "./session.ts";
import { Strategy } from "./strategy.ts";
import { User } from "./user.ts";
import { Weather } from "./weather.ts";

/** Every table there is. A new entity is not known until it stands here. */
export const ENTITIES = [
  Album,
  Alert,
  ApiToken,
  Audit,
  Clock,
  Device,
  DeviceCommand,
  DeviceStatus,
  Exposure,
  FscMessage,
  Hold,
  Image,
  JournalEntry,
  Lease,
  Membership,
  Night,
  Notice,
  OutboxMessage,
  Plan,
  Programme,
  QuotaEntry,
  Request,
  Schedule,
  ScheduledSequence,
  Sequence,
  Session,
  Strategy,
  User,
  Weather,
];
