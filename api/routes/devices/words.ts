import { NONE, number, quantity } from "../../words/numbers.ts";

type Values = Readonly<Record<string, unknown>>;

/** The main value of a device in words: `tracking`, `cooling −61.2 of −70.0 °C`, `filter 3`. */
export function deviceWords(type: string, values: Values): string {
  const why = values["why"];
  if (typeof why === "string" && why !== "") return why;
  switch (type) {
    case "telescope":
      if (values["parked"] === true) return "parked";
      if (values["slewing"] === true) return "slewing";
      if (typeof values["tracking"] !== "boolean") return NONE;
      return values["tracking"] ? "tracking" : "standing still";
    case "dome":
      return textOf(values["shutter"]).toLowerCase();
    case "camera":
      return cameraWords(values);
    case "safetymonitor":
      return values["isSafe"] === true ? "safe" : values["isSafe"] === false ? "UNSAFE" : NONE;
    case "observingconditions":
      return `${quantity(numberOf(values["temperatureC"]), "°C", 1)}, ${quantity(numberOf(values["humidityPct"]), "%")}, wind ${quantity(numberOf(values["windMS"]), "m/s", 1)}`;
    default:
      return plainWords(type, values);
  }
}

function cameraWords(values: Values): string {
  const state = textOf(values["state"]).toLowerCase();
  const temperatureC = numberOf(values["temperatureC"]);
  const setPointC = numberOf(values["setPointC"]);
  if (temperatureC === null) return state;
  const off = setPointC !== null && Math.abs(temperatureC - setPointC) > 1;
  return off
    ? `${state}, ${number(temperatureC, 1)} of ${quantity(setPointC, "°C", 1)}`
    : `${state}, ${quantity(temperatureC, "°C", 1)}`;
}

function plainWords(type: string, values: Values): string {
  switch (type) {
    case "filterwheel": {
      const { filter } = values;
      return typeof filter === "string" ? `filter ${filter}` : filter === null ? "turning" : NONE;
    }
    case "focuser": {
      const at = quantity(numberOf(values["position"]), "steps");
      return values["moving"] === true ? `moving, at ${at}` : `at ${at}`;
    }
    case "covercalibrator":
      return `cover ${textOf(values["cover"]).toLowerCase()}, lamp ${textOf(values["lamp"]).toLowerCase()}`;
    case "switch": {
      const raised = Object.keys(values).filter((name) => name.startsWith("alarm:") && values[name] === true);
      return raised.length === 0 ? "no alarm" : raised.map((name) => name.slice("alarm:".length)).join(", ");
    }
    default:
      return "answers";
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" && value !== "" ? value : NONE;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
