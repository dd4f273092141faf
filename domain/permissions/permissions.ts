import type { Profile } from "./profiles.ts";

/**
 * Who may do what: the one table. Each profile of people may do what the one before it may, and more
 * (user, expert, operator, admin); `feed` stands apart and may only post notices.
 */
const ALLOWED = {
  /** Pages and lists: everything that only shows. */
  read: ["user", "expert", "operator", "admin"],
  /** Log out, choose a theme, own profile. */
  account: ["user", "expert", "operator", "admin"],
  "requests.own": ["user", "expert", "operator", "admin"],
  "requests.all": ["expert", "operator", "admin"],
  strategies: ["expert", "operator", "admin"],
  "alerts.decide": ["expert", "operator", "admin"],
  /** Pause, resume, close, start, end. */
  "night.control": ["operator", "admin"],
  devices: ["operator", "admin"],
  /** Send a message to IC or FSC again. */
  "outbox.retry": ["operator", "admin"],
  /** Vote on who gets an account. */
  "users.vote": ["expert", "operator", "admin"],
  /** Acknowledge alarms. */
  alarms: ["operator", "admin"],
  /** Figures for the monitoring of the system. */
  metrics: ["admin"],
  users: ["admin"],
  programmes: ["admin"],
  tokens: ["admin"],
  "alerts.simulate": ["admin"],
  backOffice: ["admin"],
  /** The webhook: also open to whoever signs with the shared secret. */
  "notices.post": ["admin", "feed"],
  /** Messages of FSC: also open to whoever signs with its secret. */
  "fsc.post": ["admin"],
} as const satisfies Record<string, readonly Profile[]>;

export type Permission = keyof typeof ALLOWED;

export const PERMISSIONS = Object.keys(ALLOWED) as readonly Permission[];

/** Whether a profile may do it. */
export function may(profile: Profile, permission: Permission): boolean {
  return (ALLOWED[permission] as readonly Profile[]).includes(profile);
}

/** The profiles that may do it, for sentences like "An operator or admin can". */
export function profilesThatMay(permission: Permission): readonly Profile[] {
  return ALLOWED[permission];
}
