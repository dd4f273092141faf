import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import cookie from "@fastify/cookie";
import formbody from "@fastify/formbody";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify, { LogController } from "fastify";
import { observatoryMs } from "../domain/clock.ts";
import type { ApiContext, App } from "./context.ts";
import type { ApiDeps } from "./deps.ts";
import { createChartCache } from "./charts/cache.ts";
import { createLateCommands } from "./late-commands.ts";
import { createLiveHub } from "./live/hub.ts";
import { createShared, type Share, type Shared } from "./live/shared.ts";
import { createStateReader } from "./live/state-reader.ts";
import { addAssets, loadAssets } from "./pages/assets.ts";
import { createPages } from "./pages/pages.ts";
import { createRenderer } from "./pages/renderer.ts";
import { addAccess } from "./plugins/access.ts";
import { addErrors, answerBadAddress } from "./plugins/errors.ts";
import { addIdentity, createIdentities } from "./plugins/identity.ts";
import { acceptFileForms } from "./plugins/multipart.ts";
import { addOnce } from "./plugins/once.ts";
import { addOpenApi, addOpenApiRoute } from "./plugins/openapi.ts";
import { addPlainValues } from "./plugins/plain-values.ts";
import { addSecurity } from "./plugins/security.ts";
import { alarmRoutes } from "./routes/alarms/routes.ts";
import { addTracing } from "./plugins/tracing.ts";
import { adminRoutes } from "./routes/admin/routes.ts";
import { alertRoutes } from "./routes/alerts/routes.ts";
import { devicePages } from "./routes/devices/pages.ts";
import { deviceRoutes } from "./routes/devices/routes.ts";
import { createPictures } from "./pictures/pictures.ts";
import { calibrationRoutes } from "./routes/calibrations/routes.ts";
import { imageRoutes } from "./routes/images/routes.ts";
import { manualRoutes } from "./routes/manual/routes.ts";
import { metricsRoutes } from "./routes/metrics/routes.ts";
import { createMetricsText } from "./routes/metrics/text.ts";
import { nightRoutes } from "./routes/night/routes.ts";
import { requestRoutes } from "./routes/requests/routes.ts";
import { systemRoutes } from "./routes/system/routes.ts";
import { accountRoutes } from "./routes/account/routes.ts";
import { eventRoutes } from "./routes/events/routes.ts";
import { fscRoutes } from "./routes/fsc/routes.ts";
import { helpRoutes } from "./routes/help/routes.ts";
import { healthRoutes } from "./routes/health/routes.ts";
import { homeRoutes } from "./routes/home/routes.ts";
import { outboxRoutes } from "./routes/outbox/routes.ts";
import { scheduleRoutes } from "./routes/schedules/routes.ts";
import { programmeRoutes } from "./routes/programmes/routes.ts";
import { userRoutes } from "./routes/users/routes.ts";
import { weatherRoutes } from "./routes/weather/routes.ts";
import { voeventRoutes } from "./routes/voevents/routes.ts";
import { observatoryRoutes } from "./routes/observatory/routes.ts";
import { withAlarms } from "./situation/alarms.ts";
import { withAlert } from "./situation/alert.ts";
import { withCameras } from "./situation/cameras.ts";
import { situationFromDatabase } from "./situation/from-database.ts";
import { situationOf } from "./situation/situation.ts";
import { weatherBefore, withTrend } from "./situation/trend.ts";

const viewsFolder = fileURLToPath(new URL("../views/", import.meta.url));
const packageFile = new URL("../package.json", import.meta.url);

/** Largest form or JSON body; notices have a limit of their own. */
const BODY_LIMIT = 256 * 1024;

/** Every page tells the situation; those that are opened within this time share one reading of it. */
const SITUATION_AGE_MS = 250;
/** What the weather was half an hour ago changes little in this time. */
const TREND_AGE_MS = 5_000;

/** The web: pages for people and JSON for programs. Does not listen. */
export async function buildApp(deps: ApiDeps): Promise<App> {
  const { database, observatory, settings, nowWallMs, clock } = deps;
  const version = String((JSON.parse(readFileSync(packageFile, "utf8")) as { version: unknown }).version);
  const app: App = Fastify({
    ...(deps.log === undefined ? {} : { loggerInstance: deps.log }),
    // A line per request would bury what matters; failures are logged by the error handler.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    // As long as the longest key that a path may name.
    routerOptions: { maxParamLength: 1_000 },
    frameworkErrors: answerBadAddress,
    // Behind the reverse proxy, which is one hop: the address and host that people used.
    trustProxy: (_address, hop) => settings.publicUrl !== null && hop === 0,
    genReqId: () => Math.random().toString(36).slice(2, 10),
    // Open event streams would keep the server from closing.
    forceCloseConnections: true,
  }).withTypeProvider<TypeBoxTypeProvider>();

  const identities = createIdentities(deps);
  const stateReader = createStateReader(
    {
      observatoryState: async () => withCameras(await deps.gateway.observatoryState(), database, observatory),
    },
    nowWallMs,
  );
  const halfHourAgo = createShared(
    () => weatherBefore(database, observatory.site.id, observatoryMs(clock(), nowWallMs())),
    TREND_AGE_MS,
    nowWallMs,
  );
  const shared = createShared(
    async () => {
      const now = withTrend(await situationNow(), await halfHourAgo.read());
      return withAlarms(await withAlert(now, database), database, observatory.site.id);
    },
    SITUATION_AGE_MS,
    nowWallMs,
  );
  const situation = shared.read;
  const situationNow = async () =>
    situationOf(await stateReader.readOrLast(1_000), observatory, () =>
      situationFromDatabase(database, observatory, observatoryMs(clock(), nowWallMs())),
    );
  const assets = loadAssets();
  const renderer = createRenderer(viewsFolder);
  const pages = createPages({
    ...deps,
    renderer,
    identities,
    assets,
    situation,
    version,
    seenPages: (userId) => database.notifications.seenPages(userId),
  });

  const readings: Pick<Shared<unknown>, "forget">[] = [shared];
  const share: Share = (read) => {
    const reading = createShared(read, SITUATION_AGE_MS, nowWallMs);
    readings.push(reading);
    return reading.read;
  };
  const forget = (): void => readings.forEach((reading) => reading.forget());
  // Whoever has changed something sees it on the next page.
  app.addHook("onSend", async (request) => {
    if (request.method !== "GET") forget();
  });
  const stopForgetting = deps.notifications.onChange(forget);
  app.addHook("onClose", async () => stopForgetting());
  addErrors(app, pages);
  addTracing(app);
  // First: the page that says a refusal reads the theme.
  await app.register(cookie);
  await addSecurity(app, settings.publicUrl);
  if (settings.publicUrl !== null) addOnce(app, deps);
  await app.register(formbody);
  acceptEmptyJson(app);
  acceptFileForms(app);
  addIdentity(app);
  addAccess(app, identities, pages);
  addPlainValues(app);
  await addOpenApi(app, version);

  app.decorate("metricsText", createMetricsText(deps, stateReader));
  const charts = createChartCache(deps.notifications);
  app.addHook("onClose", async () => charts.close());
  const lateCommands = createLateCommands(deps);
  const context: ApiContext = {
    app,
    deps,
    pages,
    identities,
    stateReader,
    situation,
    currentSchedule: share(() => database.schedules.current()),
    share,
    lateCommands,
    version,
    charts,
  };
  const hub = createLiveHub({
    ...deps,
    situation: shared.fresh,
    lateCommands,
    renderer,
    onProblem: (error) => app.log.warn({ err: error }, "live pages could not be refreshed"),
  });
  app.addHook("preClose", async () => hub.close());
  addAssets(app, assets);
  eventRoutes(context, hub);
  healthRoutes(context);
  metricsRoutes(context);
  accountRoutes(context);
  observatoryRoutes(context);
  homeRoutes(context);
  nightRoutes(context);
  manualRoutes(context);
  scheduleRoutes(context);
  requestRoutes(context);
  alarmRoutes(context);
  alertRoutes(context);
  await voeventRoutes(context);
  const pictures = createPictures();
  app.addHook("onClose", async () => pictures.close());
  imageRoutes(context, pictures);
  calibrationRoutes(context);
  deviceRoutes(context);
  devicePages(context);
  weatherRoutes(context);
  outboxRoutes(context);
  await fscRoutes(context);
  systemRoutes(context);
  programmeRoutes(context);
  userRoutes(context);
  helpRoutes(context);
  adminRoutes(context);
  addOpenApiRoute(app);
  await app.ready();
  return app;
}

/** Commands have no body: a program that says "JSON" and sends none is right. */
function acceptEmptyJson(app: App): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else void parse(request, body as string, done);
  });
}
