import { STATUS_CODES } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { may } from "../../domain/permissions/permissions.ts";
import type { Permission } from "../../domain/permissions/permissions.ts";
import type { Profile } from "../../domain/permissions/profiles.ts";
import type { ApiDeps } from "../deps.ts";
import { topicOf, type HelpTopic } from "../routes/help/topics.ts";
import type { Identities } from "../plugins/identity.ts";
import type { Problem } from "../problem.ts";
import type { Situation } from "../situation/situation.ts";
import { shownClock, statusBar, type StatusBar } from "../situation/status-bar.ts";
import type { Assets } from "./assets.ts";
import type { Renderer } from "./renderer.ts";
import { themeOf, themeChoices } from "./theme.ts";

/** What one page adds to the frame. */
export interface PageModel {
  readonly title: string;
  /** One sentence that answers the page. */
  readonly sentence: string;
  /** Topics of the event stream that this page shows live, besides the status bar. */
  readonly topics?: readonly string[];
  /** Query of the event stream: filters of the journal. */
  readonly streamQuery?: string;
  readonly [field: string]: unknown;
}

export interface Pages {
  /** Sends a page within its frame. */
  send(
    request: FastifyRequest,
    reply: FastifyReply,
    name: string,
    model: PageModel,
    status?: number,
  ): Promise<FastifyReply>;
  /** Sends a part of a page without a frame. */
  fragment(reply: FastifyReply, name: string, model: object): FastifyReply;
  /** Sends the page that says a problem in words. Needs neither database nor workflow. */
  problem(request: FastifyRequest, reply: FastifyReply, problem: Problem): Promise<FastifyReply>;
}

interface NavigationEntry {
  readonly href: string;
  readonly label: string;
  readonly permission: Permission;
  /** It stands in the line of a phone too. */
  readonly onPhone?: boolean;
}

/** Pages that a night needs, in one line. */
const NAVIGATION: readonly NavigationEntry[] = [
  { href: "/", label: "Home", permission: "read", onPhone: true },
  { href: "/night", label: "Night", permission: "read", onPhone: true },
  { href: "/schedule", label: "Schedule", permission: "read", onPhone: true },
  { href: "/requests", label: "Requests", permission: "read" },
  { href: "/alerts", label: "Alerts", permission: "read", onPhone: true },
  { href: "/images", label: "Images", permission: "read" },
  { href: "/weather", label: "Weather", permission: "read" },
  { href: "/devices", label: "Devices", permission: "read" },
  { href: "/system", label: "System", permission: "read" },
];

/** The others, under More. */
const MORE: readonly NavigationEntry[] = [
  { href: "/alarms", label: "Alarms", permission: "read" },
  { href: "/manual", label: "Manual", permission: "devices" },
  { href: "/calibrations", label: "Calibrations", permission: "read" },
  { href: "/outbox", label: "Outbox", permission: "read" },
  { href: "/programmes", label: "Programmes", permission: "read" },
  { href: "/applications", label: "Applications", permission: "users.vote" },
  { href: "/users", label: "Users", permission: "users" },
  { href: "/admin", label: "Back office", permission: "backOffice" },
  { href: "/help", label: "Help", permission: "read" },
];

export interface PagesDeps extends Pick<ApiDeps, "settings" | "observatory" | "clock" | "nowWallMs"> {
  readonly renderer: Renderer;
  readonly identities: Identities;
  readonly assets: Assets;
  readonly situation: () => Promise<Situation>;
  readonly version: string;
  /** Pages whose first-visit help a person has put away. */
  readonly seenPages: (userId: string) => Promise<ReadonlySet<string>>;
}

export function createPages(deps: PagesDeps): Pages {
  const { renderer, identities, assets, observatory, clock, nowWallMs, version } = deps;

  function frame(
    request: FastifyRequest,
    reply: FastifyReply,
    situation: Situation | null,
    page: PageModel,
    firstVisit: HelpTopic | null = null,
  ): object {
    const { identity } = request;
    const theme = themeOf(request);
    const path = request.url.split("?")[0] ?? "/";
    const shown = shownClock(clock(), observatory, nowWallMs());
    const mayControl = identity !== null && may(identity.profile, "night.control");
    const topics = ["status", ...(page.topics ?? [])].join(",");
    const status = situation === null ? null : statusBar(situation, clock(), nowWallMs());
    return {
      theme,
      themes: themeChoices(theme),
      back: request.method === "GET" ? request.url : "/",
      csrf: identities.csrfToken(request, reply),
      assets: assets.addresses,
      appVersion: version,
      siteName: observatory.site.name,
      shown,
      titleMark: titleMark(page.title, status),
      status,
      firstVisit:
        firstVisit === null
          ? null
          : { ...firstVisit, csrf: identities.csrfToken(request, reply), back: request.url },
      helpHref: helpHref(path, identity),
      // Not `user`: a page about somebody has its own.
      visitor: identity === null ? null : { name: identity.name, profile: identity.profile },
      mayControl,
      stream:
        identity === null
          ? ""
          : `/events?topics=${topics}${page.streamQuery === undefined ? "" : `&${page.streamQuery}`}`,
      nav: identity === null ? null : navigation(path, identity.profile),
    };
  }

  /** Help that is shown until its reader puts it away; never on a page that asks a question. */
  async function firstVisitOf(request: FastifyRequest): Promise<HelpTopic | null> {
    const { identity } = request;
    if (identity?.how !== "session" || identity.userId === null || request.method !== "GET") return null;
    const path = request.url.split("?")[0] ?? "/";
    const topic = topicOf(path, identity.profile);
    if (topic === null || topic.path !== path) return null;
    // A page without its help is better than none.
    const seen = await deps.seenPages(identity.userId).catch(() => null);
    return seen === null || seen.has(topic.page) ? null : topic;
  }

  function html(reply: FastifyReply, status: number, body: string): FastifyReply {
    return reply
      .status(status)
      .header("cache-control", "no-store")
      .type("text/html; charset=utf-8")
      .serializer((text: string) => text)
      .send(body);
  }

  return {
    send: async (request, reply, name, model, status = 200) => {
      const [situation, firstVisit] = await Promise.all([
        request.identity === null ? null : deps.situation(),
        status === 200 ? firstVisitOf(request) : null,
      ]);
      return html(
        reply,
        status,
        renderer.page(name, { ...frame(request, reply, situation, model, firstVisit), ...model }),
      );
    },
    fragment: (reply, name, model) => html(reply, 200, renderer.fragment(name, model)),
    problem: async (request, reply, problem) => {
      // A page that does not exist asked nobody who they are; without a database nobody is known.
      request.identity ??= await identities.identify(request).catch(() => null);
      const model = {
        title: problemTitle(problem.status),
        sentence: problem.message,
        status_: problem.status,
        id: request.id,
        signedIn: request.identity !== null,
      };
      // Whatever is down may be what made the problem: the frame is drawn without it.
      const body = renderer.page("problem", { ...frame(request, reply, null, model), ...model });
      return html(reply, problem.status, body);
    },
  };
}

/** Alarms, before the title of a page; what is wrong with a form is said before all. */
function titleMark(title: string, status: StatusBar | null): string {
  const mark = status?.alarms?.inTitle ?? "";
  return mark === "" || title.startsWith("Error:") ? "" : `${mark} `;
}

/** The entries that a profile may follow. On a phone some of the line stand under More instead. */
function navigation(path: string, profile: Profile) {
  const entries = (list: readonly NavigationEntry[]) =>
    list
      .filter(({ permission }) => may(profile, permission))
      .map(({ href, label, onPhone = false }) => ({
        href,
        label,
        wideOnly: !onPhone,
        current: isWithin(path, href),
      }));
  const line = entries(NAVIGATION);
  const more = entries(MORE);
  const here = more.find(({ current }) => current);
  return {
    line,
    alsoOnPhone: line.filter(({ wideOnly }) => wideOnly),
    more,
    moreHere: here?.label ?? "",
    moreCurrent: here !== undefined,
  };
}

function isWithin(path: string, href: string): boolean {
  return path === href || (href !== "/" && path.startsWith(`${href}/`)) || path === `${href}s`;
}

function helpHref(path: string, identity: FastifyRequest["identity"]): string {
  const topic = identity === null ? null : topicOf(path, identity.profile);
  return topic === null ? "/help" : `/help/${topic.page}`;
}

function problemTitle(status: number): string {
  switch (status) {
    case 403:
      return "Not allowed";
    case 404:
      return "Not found";
    case 409:
      return "Not done";
    case 429:
      return "Too many attempts";
    case 503:
      return "Not answering";
    default:
      return STATUS_CODES[status] ?? "Problem";
  }
}
