/** The sky as the devices share it: its stars and transients, and the Actions that ask for them. */
import { actionNumber, actionParameters } from "../device.ts";
import type { DeviceAction } from "../device.ts";
import { createCatalogue } from "./catalogue.ts";
import type { Transient } from "./transients.ts";

export interface Sky {
  readonly transients: () => readonly Transient[];
  /** `sky:stars {raDeg, decDeg, radiusDeg}` and `sky:transient {raDeg, decDeg, t0Ms, mag, index}`. */
  readonly actions: Readonly<Record<string, DeviceAction>>;
}

const TRANSIENTS_KEPT = 50;

/** The sky of that seed. `restored` is what `save` was last given. */
export function createSky(catalogueSeed: number, restored: unknown, save: (state: object) => void): Sky {
  const catalogue = createCatalogue(catalogueSeed);
  let transients = (restored as { transients?: Transient[] } | undefined)?.transients ?? [];
  return {
    transients: () => transients,
    actions: {
      "sky:stars": {
        logged: false,
        run: (text) => {
          const parameters = actionParameters("sky:stars", text);
          const raDeg = actionNumber("sky:stars", parameters, "raDeg", -360, 360);
          const decDeg = actionNumber("sky:stars", parameters, "decDeg", -90, 90);
          const radiusDeg = actionNumber("sky:stars", parameters, "radiusDeg", 0, 5);
          const stars = catalogue.around(raDeg, decDeg, radiusDeg);
          return JSON.stringify(stars.map(({ raDeg, decDeg, mag }) => ({ raDeg, decDeg, mag })));
        },
      },
      "sky:transient": {
        logged: true,
        run: (text) => {
          const parameters = actionParameters("sky:transient", text);
          const transient: Transient = {
            raDeg: actionNumber("sky:transient", parameters, "raDeg", -360, 360),
            decDeg: actionNumber("sky:transient", parameters, "decDeg", -90, 90),
            t0Ms: actionNumber("sky:transient", parameters, "t0Ms", 0, Number.MAX_SAFE_INTEGER),
            mag: actionNumber("sky:transient", parameters, "mag", -5, 30),
            index: actionNumber("sky:transient", parameters, "index", 0, 5),
          };
          transients = [...transients, transient].slice(-TRANSIENTS_KEPT);
          save({ transients });
          return JSON.stringify(transient);
        },
      },
    },
  };
}
