import { readFileSync } from "node:fs";
import { Type } from "typebox";
import {
  ALARM_LEVELS,
  RECOVERY_KINDS,
  type DeviceDescription,
  type Observatory,
} from "../../domain/observatory.ts";
import { ConfigurationError, explain } from "./explain.ts";
import { environmentSchema } from "./settings.ts";

const between = (minimum: number, maximum: number, unit: string) =>
  Type.Number({ minimum, maximum, rule: `a number from ${minimum} to ${maximum} (${unit})` });
const above = (exclusiveMinimum: number, unit: string) =>
  Type.Number({ exclusiveMinimum, rule: `a number above ${exclusiveMinimum} (${unit})` });
const atLeast = (minimum: number, unit: string) =>
  Type.Number({ minimum, rule: `a number of at least ${minimum} (${unit})` });
const whole = (minimum: number, maximum: number, unit: string) =>
  Type.Integer({ minimum, maximum, rule: `a whole number from ${minimum} to ${maximum} (${unit})` });
const id = () =>
  Type.String({
    pattern: "^[a-z0-9][a-z0-9-]{0,39}$",
    rule: "a short id of lower-case letters, digits and dashes",
  });
const name = () => Type.String({ minLength: 1, maxLength: 120, rule: "a text of 1 to 120 characters" });
const yesNo = () => Type.Boolean({ rule: "true or false" });
const record = <T extends Parameters<typeof Type.Object>[0]>(properties: T) =>
  Type.Object(properties, { additionalProperties: false, rule: "an object" });

const webAddress = () =>
  Type.String({
    pattern: String.raw`^https?://[^\s/?#@]+(/[^\s?#]*)?$`,
    rule: "a web address such as https://ic.example.org/messages, without user, query or fragment",
  });
const oneOf = (words: readonly string[]) =>
  Type.Union(
    words.map((word) => Type.Literal(word)),
    { rule: `one of ${words.join(", ")}` },
  );

const DEVICE_TYPES = [
  "telescope",
  "dome",
  "camera",
  "filterwheel",
  "focuser",
  "covercalibrator",
  "switch",
  "safetymonitor",
  "observingconditions",
] as const;

/** The shape of `observatories/<site>.json`; domain/observatory.ts says what each field means. */
export const observatorySchema = record({
  site: record({
    id: id(),
    name: name(),
    latDeg: between(-90, 90, "degrees, north positive"),
    lonDeg: between(-180, 180, "degrees, east positive"),
    heightM: between(-500, 9000, "metres"),
    timeZone: Type.String({ minLength: 1, rule: "an IANA time zone such as America/Tijuana" }),
  }),
  telescope: record({
    name: name(),
    apertureM: above(0, "metres"),
    focalLengthMm: above(0, "millimetres"),
    minAltDeg: between(0, 89, "degrees"),
    minSunSeparationDeg: between(0, 180, "degrees"),
    slewLimitS: above(0, "observatory seconds"),
    focusSteps: Type.Optional(whole(0, 1_000_000, "focuser steps")),
    dither: Type.Optional(
      record({
        maxStepArcsec: between(1, 600, "arcsec"),
        overheadS: atLeast(0, "observatory seconds"),
      }),
    ),
  }),
  devices: Type.Array(
    record({
      id: id(),
      type: Type.Union(
        DEVICE_TYPES.map((type) => Type.Literal(type)),
        { rule: `one of ${DEVICE_TYPES.join(", ")}` },
      ),
      name: name(),
      address: Type.String({
        pattern: "^https?://[^\\s/]+$",
        rule: "the base address of an Alpaca server such as http://127.0.0.1:11111",
      }),
      number: whole(0, 4_294_967_295, "Alpaca device number"),
      uniqueId: Type.String({ minLength: 1, rule: "the Alpaca UniqueID of the device" }),
      blocking: yesNo(),
      boundTo: Type.Optional(id()),
      recovery: Type.Optional(
        Type.Array(
          record({
            kind: oneOf(RECOVERY_KINDS),
            limitS: between(0, 86_400, "wall seconds"),
            pauseS: between(0, 86_400, "wall seconds"),
            switchId: Type.Optional(id()),
            switchNumber: Type.Optional(whole(0, 65_535, "number of the outlet")),
            offS: Type.Optional(between(0, 600, "wall seconds")),
          }),
          { minItems: 1, rule: "a list of at least one step" },
        ),
      ),
      alarms: Type.Optional(
        Type.Array(
          record({
            id: id(),
            number: whole(0, 65_535, "number of the channel"),
            level: oneOf(ALARM_LEVELS),
            text: Type.String({ minLength: 1, rule: "a sentence" }),
            guidance: Type.String({ minLength: 1, rule: "what a person is to do" }),
          }),
          { rule: "a list of alarms" },
        ),
      ),
    }),
    { minItems: 1, rule: "a list of at least one device" },
  ),
  instruments: Type.Array(
    record({
      id: id(),
      name: name(),
      cameraId: id(),
      filters: Type.Array(Type.String({ minLength: 1, rule: "the name of a filter" }), {
        minItems: 1,
        rule: "a list of at least one filter",
      }),
      ramp: Type.Optional(
        record({
          mode: name(),
          nreads: whole(2, 256, "reads"),
          nresets: whole(1, 10, "resets"),
          groups: whole(1, 64, "groups"),
        }),
      ),
      setPointC: between(-273.15, 50, "Celsius"),
      readoutLimitS: above(0, "observatory seconds"),
      overheadS: atLeast(0, "observatory seconds"),
      readoutS: atLeast(0, "observatory seconds"),
      filterChangeS: atLeast(0, "observatory seconds"),
      gainEPerAdu: above(0, "electrons per ADU"),
      readNoiseE: atLeast(0, "electrons"),
      saturationAdu: above(0, "ADU"),
      minExposureS: above(0, "seconds"),
      maxExposureS: above(0, "seconds"),
      rotationDeg: between(-360, 360, "degrees, north through east"),
    }),
    { minItems: 1, rule: "a list of at least one instrument" },
  ),
  weather: record({
    maxHumidityPct: between(0, 100, "per cent"),
    maxWindMS: atLeast(0, "metres per second"),
    maxGustMS: atLeast(0, "metres per second"),
    maxRainMmH: atLeast(0, "millimetres per hour"),
    maxCloudPct: between(0, 100, "per cent"),
    minDewMarginC: atLeast(0, "Celsius"),
    staleAfterWallS: above(0, "wall seconds"),
    safeForMin: atLeast(0, "observatory minutes"),
  }),
  night: record({
    autoStart: yesNo(),
    prepareBeforeSunsetMin: between(0, 360, "minutes"),
    observingSunAltDeg: between(-18, 0, "degrees"),
    domeOpenSunAltDeg: between(-18, 10, "degrees"),
    domeLimitS: above(0, "observatory seconds"),
    parkLimitS: above(0, "observatory seconds"),
    coolLimitS: above(0, "observatory seconds"),
    coverLimitS: above(0, "observatory seconds"),
    focusLimitS: above(0, "observatory seconds"),
    filterLimitS: above(0, "observatory seconds"),
    maxFramesPerAttempt: whole(1, 150, "frames"),
    minFreeDiskMiB: atLeast(0, "MiB"),
  }),
  partners: Type.Optional(record({ ic: Type.Optional(webAddress()), fsc: Type.Optional(webAddress()) })),
  calibration: Type.Optional(
    record({
      frames: Type.Optional(whole(3, 50, "frames")),
      flatLevel: Type.Optional(between(0.15, 0.8, "share of saturation")),
      lampPct: Type.Optional(between(1, 100, "per cent")),
      testFlatS: Type.Optional(between(0.1, 60, "seconds")),
      limitMin: Type.Optional(between(1, 720, "observatory minutes")),
      holdLimitMin: Type.Optional(between(0, 720, "observatory minutes")),
      maxAgeNights: Type.Optional(whole(0, 365, "nights")),
    }),
  ),
});

/**
 * Reads an observatory file and checks every field.
 * @param file path of the JSON file.
 * @param env where `${NAME}` in device addresses is looked up; a setting that is not set has its default.
 * @throws ConfigurationError with one sentence (field, value, rule) for each thing that is wrong.
 */
export function loadObservatory(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Observatory {
  const what = `The observatory file ${file} is not right`;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigurationError(what, [`it cannot be read: ${(error as Error).message}`]);
  }
  const problems: string[] = [];
  const expanded = expandAddresses(content, env, problems);
  problems.push(...explain(observatorySchema, expanded));
  if (problems.length === 0) problems.push(...contradictions(expanded as Observatory));
  if (problems.length > 0) throw new ConfigurationError(what, problems);
  return deepFreeze(expanded as Observatory);
}

/** A copy of the content with `${NAME}` in the addresses of devices and partners replaced. */
function expandAddresses(
  content: unknown,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): unknown {
  const { devices, partners } = (content ?? {}) as { devices?: unknown; partners?: unknown };
  const defaults = environmentSchema.properties as Record<string, { default?: string | number | boolean }>;
  const expand = (address: string, where: string): string =>
    address.replaceAll(/\$\{(\w+)\}/g, (whole, key: string) => {
      const value = env[key] || defaults[key]?.default;
      if (value !== undefined) return String(value);
      problems.push(`${where} is "${address}": ${key} is not set`);
      return whole;
    });
  const expandDevice = (device: unknown, index: number): unknown => {
    const address = (device as { address?: unknown } | null)?.address;
    if (typeof address !== "string") return device;
    return { ...(device as object), address: expand(address, `devices[${index}].address`) };
  };
  const expandPartners = (of: object): object =>
    Object.fromEntries(
      Object.entries(of).map(([key, value]) => [
        key,
        typeof value === "string" ? expand(value, `partners.${key}`) : (value as unknown),
      ]),
    );
  if (content === null || typeof content !== "object") return content;
  return {
    ...content,
    ...(Array.isArray(devices) ? { devices: devices.map(expandDevice) } : {}),
    ...(typeof partners === "object" && partners !== null ? { partners: expandPartners(partners) } : {}),
  };
}

/** Rules between fields. */
function contradictions(observatory: Observatory): string[] {
  const problems: string[] = [];
  if (!isTimeZone(observatory.site.timeZone)) {
    problems.push(
      `site.timeZone is "${observatory.site.timeZone}": must be an IANA time zone such as America/Tijuana`,
    );
  }
  problems.push(
    ...repeated(
      observatory.devices.map((device) => device.id),
      "devices",
      "id",
    ),
  );
  problems.push(
    ...repeated(
      observatory.devices.map((device) => device.uniqueId),
      "devices",
      "uniqueId",
    ),
  );
  problems.push(
    ...repeated(
      observatory.instruments.map((instrument) => instrument.id),
      "instruments",
      "id",
    ),
  );
  problems.push(...placeProblems(observatory));
  problems.push(...ladderProblems(observatory));
  for (const type of ["telescope", "dome", "safetymonitor", "observingconditions"] as const) {
    const count = observatory.devices.filter((device) => device.type === type).length;
    if (count !== 1) problems.push(`devices has ${count} of type ${type}: there must be exactly one`);
  }
  for (const type of ["covercalibrator", "focuser"] as const) {
    const count = observatory.devices.filter((device) => device.type === type).length;
    if (count > 1) problems.push(`devices has ${count} of type ${type}: there may be at most one`);
  }
  problems.push(
    ...repeated(
      observatory.instruments.map((instrument) => instrument.cameraId),
      "instruments",
      "cameraId",
    ),
  );
  problems.push(...bindingProblems(observatory));
  problems.push(...pairingProblems(observatory));
  for (const [index, instrument] of observatory.instruments.entries()) {
    const where = `instruments[${index}]`;
    const camera = observatory.devices.find((device) => device.id === instrument.cameraId);
    if (camera?.type !== "camera") {
      problems.push(
        `${where}.cameraId is "${instrument.cameraId}": must be the id of a device of type camera`,
      );
    }
    problems.push(...wheelProblems(observatory, instrument, where));
    problems.push(...repeated(instrument.filters, `${where}.filters`, ""));
    if (instrument.minExposureS > instrument.maxExposureS) {
      problems.push(
        `${where}.minExposureS is ${instrument.minExposureS}: must not be above maxExposureS (${instrument.maxExposureS})`,
      );
    }
    if (instrument.readoutS > instrument.readoutLimitS) {
      problems.push(
        `${where}.readoutS is ${instrument.readoutS}: must not be above readoutLimitS (${instrument.readoutLimitS})`,
      );
    }
  }
  return problems;
}

/** No two devices are the same Alpaca device: the orders to one would move the other. */
function placeProblems({ devices }: Observatory): string[] {
  const placeOf = ({ address, type, number }: DeviceDescription): string => `${type} ${number} at ${address}`;
  return devices.flatMap((device, index) => {
    const first = devices.findIndex((other) => placeOf(other) === placeOf(device));
    return first === index
      ? []
      : [`devices[${index}] is ${placeOf(device)}: devices[${first}] is the same, each needs its own`];
  });
}

/** What is there for nothing, or asked for without being there. */
function pairingProblems({ devices, instruments, telescope, night }: Observatory): string[] {
  const problems = devices.flatMap(({ id, type }, index) =>
    type !== "camera" || instruments.some(({ cameraId }) => cameraId === id)
      ? []
      : [`devices[${index}] is the camera "${id}": no instrument has it as its cameraId`],
  );
  if (telescope.focusSteps !== undefined && !devices.some(({ type }) => type === "focuser")) {
    problems.push(`telescope.focusSteps is ${telescope.focusSteps}: devices has no focuser to move there`);
  }
  if (night.domeOpenSunAltDeg < night.observingSunAltDeg) {
    problems.push(
      `night.domeOpenSunAltDeg is ${night.domeOpenSunAltDeg}: must not be below observingSunAltDeg (${night.observingSunAltDeg}), the dome opens before the observation`,
    );
  }
  return problems;
}

/** Each wheel sits on the camera of an instrument or on the telescope, and nothing else is bound to anything. */
function bindingProblems({ devices, instruments }: Observatory): string[] {
  return devices.flatMap(({ type, boundTo }, index) => {
    const where = `devices[${index}].boundTo`;
    if (type !== "filterwheel") {
      return boundTo === undefined
        ? []
        : [`${where} is "${boundTo}": only devices of type filterwheel are bound`];
    }
    const holder = devices.find((device) => device.id === boundTo);
    const rule = "a filter wheel is bound to the camera of an instrument or to the telescope";
    if (holder?.type === "telescope") return [];
    if (instruments.some(({ cameraId }) => cameraId === holder?.id)) return [];
    return [`${where} is ${boundTo === undefined ? "missing" : `"${boundTo}"`}: ${rule}`];
  });
}

/** An instrument looks through one wheel at most; without one it has one filter. */
function wheelProblems(
  { devices }: Observatory,
  { cameraId, filters }: Observatory["instruments"][number],
  where: string,
): string[] {
  const telescopeId = devices.find(({ type }) => type === "telescope")?.id;
  const wheels = devices.filter(
    ({ type, boundTo }) => type === "filterwheel" && (boundTo === cameraId || boundTo === telescopeId),
  );
  if (wheels.length > 1) {
    const names = wheels.map(({ id }) => id).join(", ");
    return [`${where} looks through ${names}: there may be one filter wheel before a camera`];
  }
  if (wheels.length === 0 && filters.length > 1) {
    return [`${where}.filters has ${filters.length}: without a filter wheel there is exactly one`];
  }
  return [];
}

/** Rules of the recovery ladders and of the alarms of switches. */
function ladderProblems({ devices }: Observatory): string[] {
  const problems: string[] = [];
  for (const [index, device] of devices.entries()) {
    const where = `devices[${index}]`;
    for (const [n, step] of (device.recovery ?? []).entries()) {
      const place = `${where}.recovery[${n}]`;
      const outlet = devices.find(({ id }) => id === step.switchId);
      if (step.kind === "power-cycle") {
        if (outlet?.type !== "switch") {
          problems.push(`${place}.switchId is "${step.switchId ?? "missing"}": must be the id of a switch`);
        }
        if (step.switchId === device.id) problems.push(`${place}.switchId is "${device.id}": not by itself`);
        if (step.switchNumber === undefined) problems.push(`${place}.switchNumber is missing`);
      } else if (step.switchId ?? step.switchNumber ?? step.offS) {
        problems.push(`${place} is a ${step.kind}: only a power-cycle has switchId, switchNumber and offS`);
      }
      if (step.kind === "go-on-without" && device.blocking) {
        problems.push(`${place} is go-on-without: nothing goes on without a blocking device`);
      }
    }
    if (device.alarms !== undefined && device.type !== "switch") {
      problems.push(`${where}.alarms: only a switch has alarms, and this is a ${device.type}`);
    }
    for (const field of ["id", "number"] as const) {
      const values = (device.alarms ?? []).map((alarm) => String(alarm[field]));
      problems.push(...repeated(values, `${where}.alarms`, field));
    }
  }
  return problems;
}

function isTimeZone(timeZone: string): boolean {
  try {
    Intl.DateTimeFormat("en", { timeZone });
    return true;
  } catch {
    return false;
  }
}

function repeated(values: readonly string[], list: string, field: string): string[] {
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    const suffix = field === "" ? "" : `.${field}`;
    return first === index
      ? []
      : [`${list}[${index}]${suffix} is "${value}": ${list}[${first}] has the same, each needs its own`];
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
