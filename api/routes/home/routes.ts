import type { ApiContext } from "../../context.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import { homeModel } from "./view-model.ts";

/** The first page: is it safe and observing, what now and next, does anyone need me? */
export function homeRoutes({ app, deps, pages, situation }: ApiContext): void {
  const { database, observatory, clock, nowWallMs } = deps;

  app.get("/", { config: { access: "read" } }, async (request, reply) => {
    const [now, schedule, images, alerts, requests] = await Promise.all([
      situation(),
      database.schedules.current(),
      database.images.list({ limit: 1 }),
      database.alerts.list({ site: observatory.site.id, limit: 1 }),
      database.requests.list({ limit: 1 }),
    ]);
    const model = homeModel(
      {
        situation: now,
        schedule,
        lastImage: images.items[0] ?? null,
        lastAlert: alerts.items[0] ?? null,
        counts: { requests: requests.total, alerts: alerts.total, images: images.total },
      },
      observatory,
      observatoryMs(clock(), nowWallMs()),
    );
    return pages.send(request, reply, "home/show", model);
  });
}
