import { may, type Permission } from "../../../domain/permissions/permissions.ts";
import type { Profile } from "../../../domain/permissions/profiles.ts";

/** Help on one page: what it answers and what one does there. The same words are on the page's first visit and below /help. */
export interface HelpTopic {
  /** Name in addresses and in the table of what was seen. */
  readonly page: string;
  /** The page is there, and below it. */
  readonly path: string;
  readonly title: string;
  readonly permission: Permission;
  readonly sentences: readonly string[];
}

export const TOPICS: readonly HelpTopic[] = [
  {
    page: "home",
    path: "/",
    title: "Home",
    permission: "read",
    sentences: [
      "Says whether it is safe and observing, what happens now and next, and whether anybody is needed.",
      "The bar on top is on every page: mode, safety, dome, alert, clock. Colour comes only with an exception.",
      "Times are UTC. A rate such as x60 beside the clock means a demonstration: the sky runs faster than your watch.",
    ],
  },
  {
    page: "requests",
    path: "/requests",
    title: "Requests",
    permission: "requests.own",
    sentences: [
      "A request asks for observing time of a programme. It has sequences (one pointing each), and these have plans (filter, exposure time, count).",
      "Write one, submit it, and it is planned the next time the night is planned. Its page says when, or why not, in numbers.",
      "What is executing or executed cannot be taken back; everything else can.",
    ],
  },
  {
    page: "schedule",
    path: "/schedule",
    title: "Schedule",
    permission: "read",
    sentences: [
      "What will be observed when, tonight. Bars are planned, done or cut short; whiskers say how far each may move.",
      "Below stands every sequence that is refused, with the reason and the number that decided.",
      "What you asked for is marked yours; the form on top leaves only that, or one programme, or one status.",
    ],
  },
  {
    page: "alerts",
    path: "/alerts",
    title: "Alerts",
    permission: "read",
    sentences: [
      "An alert is something in the sky, such as a gamma-ray burst. It takes the telescope from whatever runs.",
      "Each alert says what was decided and by which rule, and how long every step from notice to shutter took.",
    ],
  },
  {
    page: "images",
    path: "/images",
    title: "Images",
    permission: "read",
    sentences: [
      "Every frame that was stored, newest first. Filter by night, camera, filter or sequence.",
      "Open one for its header and statistics, and to download the FITS file.",
    ],
  },
  {
    page: "night",
    path: "/night",
    title: "Night",
    permission: "read",
    sentences: [
      "What the observatory does this second, what it waits for, and when it gives up waiting.",
      "Pausing aborts exposures and closes nothing. Closing the dome always works and never asks. Resuming lists its checks first.",
      "A hold is a reason not to observe. Each says who raised it and why; a cause lifts only its own hold.",
    ],
  },
  {
    page: "alarms",
    path: "/alarms",
    title: "Alarms",
    permission: "read",
    sentences: [
      'An alarm needs a person: it says what to look at and what to do. Acknowledging it says "I have it", and changes nothing else.',
    ],
  },
  {
    page: "weather",
    path: "/weather",
    title: "Weather",
    permission: "read",
    sentences: [
      "Whether the dome may be open, what closed it, and when it opens again at the earliest.",
      "Each reading stands beside the limit that closes. A reading that is too old counts as unsafe.",
      "Below are the curves of the night, and Sun and Moon of any night.",
    ],
  },
  {
    page: "manual",
    path: "/manual",
    title: "Manual",
    permission: "devices",
    sentences: [
      "Take the maintenance hold to move things by hand: the night waits, and nothing moves by itself but closing.",
      "STOP works at any time and needs no hold. Leaving the hold gives the telescope back.",
    ],
  },
  {
    page: "calibrations",
    path: "/calibrations",
    title: "Calibrations",
    permission: "read",
    sentences: [
      "Master frames with their quality and age, their level and noise over the nights, and frames that were rejected, with why.",
      "They are taken at the end of each night by themselves, and by day with the button.",
    ],
  },
  {
    page: "outbox",
    path: "/outbox",
    title: "Outbox",
    permission: "read",
    sentences: [
      "What is sent to the instrument centre, to the science centre and by mail: what waits, what was refused and why.",
      "Nothing is lost while a receiver is away: it is sent again until it is taken.",
    ],
  },
  {
    page: "devices",
    path: "/devices",
    title: "Devices",
    permission: "read",
    sentences: [
      "Every device with its state. A blocking one that is down stops observing; the others are done without.",
    ],
  },
  {
    page: "programmes",
    path: "/programmes",
    title: "Programmes",
    permission: "read",
    sentences: [
      "Observing time is granted to programmes. Scheduling holds time, observing spends it, what is not used comes back.",
      "The ledger on a programme's page has every step; its lines add up to what is left.",
    ],
  },
  {
    page: "system",
    path: "/system",
    title: "System",
    permission: "read",
    sentences: [
      "The journal: what happened, when and why, newest first and live. Filter by module, level, text or night; the address keeps the filter.",
    ],
  },
  {
    page: "profile",
    path: "/profile",
    title: "Profile",
    permission: "account",
    sentences: [
      "Your name, password, sessions, API tokens, and what you are told by mail or webhook.",
      "A token is shown once. A program sends it as Authorization: Bearer, and may never more than you.",
    ],
  },
  {
    page: "users",
    path: "/users",
    title: "Users",
    permission: "users",
    sentences: [
      "Who has an account, with which profile. Applications wait under Applications: accept with a profile, refuse with a reason, or ask the commission.",
      "Deleting an account removes what is personal and keeps requests and images under a number.",
    ],
  },
  {
    page: "admin",
    path: "/admin",
    title: "Back office",
    permission: "backOffice",
    sentences: [
      "Every table, row by row, for what no other page does. Each change is checked by the database and written into the audit.",
    ],
  },
];

/** Five pages to begin with, by what somebody is here for. */
const TOURS: Readonly<Record<Profile, readonly string[]>> = {
  user: ["home", "requests", "schedule", "images", "profile"],
  expert: ["home", "alerts", "requests", "schedule", "images"],
  operator: ["home", "night", "alarms", "devices", "system"],
  admin: ["home", "night", "users", "programmes", "admin"],
  feed: [],
};

/** Help on the page at a path, for whoever may see it; null when there is none. */
export function topicOf(path: string, profile: Profile): HelpTopic | null {
  const found = TOPICS.filter(
    (topic) => path === topic.path || (topic.path !== "/" && path.startsWith(`${topic.path}/`)),
  ).toSorted((a, b) => b.path.length - a.path.length)[0];
  return found !== undefined && may(profile, found.permission) ? found : null;
}

export function topicByName(page: string): HelpTopic | null {
  return TOPICS.find((topic) => topic.page === page) ?? null;
}

export function tourOf(profile: Profile): HelpTopic[] {
  return TOURS[profile].flatMap((page) => topicByName(page) ?? []);
}
