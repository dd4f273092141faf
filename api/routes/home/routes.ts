import type { ApiContext } from "../../context.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import { homeModel } from "./view-model.ts";

/** The first page: is it safe and observing, what now and next, does anyone need me? */
export function homeRoutes({ app, deps, pages, situation, currentSchedule, share }: ApiContext): void {
  const { database, observatory, clock, nowWallMs } = deps;

  const glance = share(() =>
    Promise.all([
      database.images.latest(),
      database.alerts.list({ site: observatory.site.id, limit: 1 }),
      database.requests.total(),
      database.images.count(),
    ]),
  );

  app.get("/", { config: { access: "read" } }, async (request, reply) => {
    const [now, schedule, [lastImage, alerts, requests, images]] = await Promise.all([
      situation(),
      currentSchedule(),
      glance(),
    ]);
    const model = homeModel(
      {
        situation: now,
        schedule,
        lastImage,
        lastAlert: alerts.items[0] ?? null,
        counts: { requests, alerts, images },
      },
      observatory,
      observatoryMs(clock(), nowWallMs()),
    );
    return pages.send(request, reply, "home/show", model);
  });
}
