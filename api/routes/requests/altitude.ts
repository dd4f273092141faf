import { Type } from "typebox";
import { altitudeSvg, ALTITUDE_WIDTHS_PX } from "../../charts/altitude.ts";
import type { ApiContext } from "../../context.ts";
import { Problem } from "../../problem.ts";
import type { Desk } from "./desk.ts";

const Degrees = (from: number, to: number) => Type.Number({ minimum: from, maximum: to });

/** The altitude of any place of the sky in any night, as a picture: what the editor and the pages of requests show. */
export function altitudeRoutes({ app, deps, charts }: ApiContext, desk: Desk): void {
  app.get(
    "/requests/altitude.svg",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          ra: Type.Number({ minimum: 0, exclusiveMaximum: 360 }),
          dec: Degrees(-90, 90),
          night: Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$" }),
          minAlt: Type.Optional(Degrees(-90, 90)),
          minMoon: Type.Optional(Degrees(0, 180)),
          maxSun: Type.Optional(Degrees(-90, 90)),
          maxAirmass: Type.Optional(Type.Number({ minimum: 1, maximum: 100 })),
          width: Type.Union(ALTITUDE_WIDTHS_PX.map((width) => Type.Literal(width))),
        }),
      },
    },
    async (request, reply) => {
      const { ra, dec, night, minAlt = 0, minMoon = 0, maxSun = 90, maxAirmass, width } = request.query;
      const pointing = {
        raDeg: ra,
        decDeg: dec,
        constraints: {
          minAltDeg: minAlt,
          maxAirmass: maxAirmass ?? null,
          minMoonSepDeg: minMoon,
          maxSunAltDeg: maxSun,
        },
      };
      return charts.send(request, reply, async (theme) => {
        try {
          return altitudeSvg(pointing, deps.observatory, night, theme, width, desk.nowMs());
        } catch (error) {
          if (error instanceof RangeError) throw new Problem(400, `${error.message}.`);
          throw error;
        }
      });
    },
  );
}
