import { Type } from "typebox";
import { altitudeSvg, ALTITUDE_WIDTHS_PX } from "../../charts/altitude.ts";
import { createAltitudeCurves } from "../../charts/altitude-curve.ts";
import type { ApiContext } from "../../context.ts";
import type { Pointing } from "../../../domain/requests/visibility.ts";
import { Problem, problems } from "../../problem.ts";
import { Instant, Nullable } from "../lists.ts";
import type { Desk } from "./desk.ts";

const Degrees = (from: number, to: number) => Type.Number({ minimum: from, maximum: to });

/** What is asked: a place, a night, and the limits that must hold. */
const PlaceSchema = {
  ra: Type.Number({ minimum: 0, exclusiveMaximum: 360, description: "ICRS, degrees", examples: [202.47] }),
  dec: Type.Number({ minimum: -90, maximum: 90, description: "ICRS, degrees", examples: [47.2] }),
  night: Type.String({
    pattern: "^\\d{4}-\\d{2}-\\d{2}$",
    description: "yyyy-mm-dd of local noon",
    examples: ["2026-11-20"],
  }),
  minAlt: Type.Optional(Degrees(-90, 90)),
  minMoon: Type.Optional(Degrees(0, 180)),
  maxSun: Type.Optional(Degrees(-90, 90)),
  maxAirmass: Type.Optional(Type.Number({ minimum: 1, maximum: 100 })),
};
interface Place {
  readonly ra: number;
  readonly dec: number;
  readonly minAlt?: number;
  readonly minMoon?: number;
  readonly maxSun?: number;
  readonly maxAirmass?: number;
}

const AltitudeSchema = Type.Object({
  fromMs: Instant("Observatory time: half an hour before sunset"),
  toMs: Instant("Observatory time: half an hour after sunrise"),
  minAltDeg: Type.Number({ description: "The stricter of what is asked and what the site allows" }),
  points: Type.Array(
    Type.Object({
      atMs: Instant("Observatory time"),
      altDeg: Type.Number(),
      airmass: Nullable(Type.Number({ description: "null below the horizon" })),
      moonAltDeg: Type.Number(),
    }),
    { description: "Every 10 min" },
  ),
  windows: Type.Array(Type.Object({ startMs: Instant(), endMs: Instant() }), {
    description: "When all limits hold",
  }),
});

/** The altitude of any place of the sky in any night: a picture for the editor and the pages of requests, or the numbers of it. */
export function altitudeRoutes({ app, deps, charts }: ApiContext, desk: Desk): void {
  const curveOf = createAltitudeCurves(deps.observatory);

  app.get(
    "/api/altitude",
    {
      config: { access: "read" },
      schema: {
        tags: ["requests"],
        summary: "Altitude and airmass of a place through a night, and when it can be observed",
        querystring: Type.Object(PlaceSchema),
        response: { 200: AltitudeSchema, ...problems(400, 401, 403) },
      },
    },
    async (request) => {
      const {
        night: _night,
        points,
        windows,
        ...curve
      } = ofNight(() => curveOf(pointingOf(request.query), request.query.night));
      return { ...curve, points: [...points], windows: [...windows] };
    },
  );

  app.get(
    "/requests/altitude.svg",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          ...PlaceSchema,
          width: Type.Union(ALTITUDE_WIDTHS_PX.map((width) => Type.Literal(width))),
        }),
      },
    },
    async (request, reply) => {
      const { night, width } = request.query;
      return charts.send(request, reply, async (theme) =>
        ofNight(() => {
          const pointing = pointingOf(request.query);
          const curve = curveOf(pointing, night);
          return altitudeSvg(pointing, deps.observatory, curve, theme, width, desk.nowMs());
        }),
      );
    },
  );
}

function pointingOf({ ra, dec, minAlt = 0, minMoon = 0, maxSun = 90, maxAirmass }: Place): Pointing {
  return {
    raDeg: ra,
    decDeg: dec,
    constraints: {
      minAltDeg: minAlt,
      maxAirmass: maxAirmass ?? null,
      minMoonSepDeg: minMoon,
      maxSunAltDeg: maxSun,
    },
  };
}

/** @throws Problem 400 for a date that is none */
function ofNight<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new Problem(400, `${error.message}.`);
    throw error;
  }
}
