import { Type } from "typebox";
import type { FieldError } from "../../../domain/requests/build.ts";
import { timedSequenceS } from "../../../domain/requests/duration.ts";
import {
  BANDS,
  calculateExposure,
  calculatorDefaults,
  calculatorErrors,
  CALCULATOR_MODES,
  type CalculatorInput,
  type CalculatorResult,
} from "../../../domain/requests/exposure-calculator.ts";
import type { InstrumentDescription, Observatory } from "../../../domain/observatory.ts";
import { partsOfPath, type WrittenRequest } from "../../../domain/requests/written.ts";
import { MIN_DITHER_POSITIONS, type Dither } from "../../../domain/sequence/dither.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { count, number } from "../../words/numbers.ts";
import { duration } from "../../words/time.ts";
import type { Desk } from "./desk.ts";

const Text = Type.Optional(Type.String({ maxLength: 40 }));
const NUMBERS = [
  "mag",
  "exposureS",
  "snr",
  "frames",
  "seeingArcsec",
  "airmass",
  "skyMag",
  "throughput",
  "darkEPerS",
  "pixelUm",
  "obstruction",
] as const;

const LABELS: Readonly<Record<(typeof NUMBERS)[number] | "bandId", readonly [label: string, hint: string]>> =
  {
    bandId: ["Band", ""],
    mag: ["Magnitude", "AB, above the atmosphere"],
    exposureS: ["Exposure", "seconds of one frame"],
    snr: ["Signal over noise", "of all frames together"],
    frames: ["Frames", "that are added"],
    seeingArcsec: ["Seeing", "arcsec FWHM at the zenith"],
    airmass: ["Airmass", ""],
    skyMag: ["Sky", "AB mag of a square arcsec, moonless by default"],
    throughput: ["Throughput", "mirrors, filter, detector: 0 to 1"],
    darkEPerS: ["Dark current", "electrons per second and pixel"],
    pixelUm: ["Pixel", "µm"],
    obstruction: ["Obstruction", "share of the mirror that is hidden"],
  };

const ResultSchema = Type.Object({
  input: Type.Record(Type.String(), Type.Unknown()),
  result: Type.Object({
    snr: Type.Number(),
    exposureS: Type.Number({ description: "one frame" }),
    mag: Type.Number(),
    magError: Type.Number(),
    sourceEPerS: Type.Number({ description: "electrons per second in the aperture" }),
    skyEPerS: Type.Number({ description: "electrons per second and pixel" }),
    aperturePixels: Type.Number(),
    pixelArcsec: Type.Number(),
    fwhmArcsec: Type.Number(),
    noise: Type.Record(
      Type.String(),
      Type.Number({ description: "variance of one frame, electrons squared" }),
    ),
    saturation: Type.Object({
      share: Type.Number(),
      safeExposureS: Type.Number(),
      saturated: Type.Boolean(),
    }),
  }),
});

/** The exposure time calculator: a page for people, and the same for programs. */
export function calculatorRoutes({ app, deps, pages, identities }: ApiContext, desk: Desk): void {
  const { observatory } = deps;

  app.get(
    "/api/exposure-time",
    {
      config: { access: "read" },
      schema: {
        tags: ["requests"],
        summary:
          "Exposure time calculator: signal over noise, exposure time, or limiting magnitude of a point source",
        querystring: Type.Object({
          instrument: Type.String({ maxLength: 40 }),
          mode: Type.Union(CALCULATOR_MODES.map((mode) => Type.Literal(mode))),
          bandId: Text,
          ...Object.fromEntries(NUMBERS.map((name) => [name, Type.Optional(Type.Number())])),
        }),
        response: { 200: ResultSchema, ...problems(400, 401, 403) },
      },
    },
    async (request) => {
      const query = request.query as Readonly<Record<string, unknown>>;
      const instrument = instrumentNamed(observatory, String(query["instrument"]));
      const input = {
        ...calculatorDefaults(instrument, typeof query["bandId"] === "string" ? query["bandId"] : ""),
        ...Object.fromEntries(Object.entries(query).filter(([name]) => name !== "instrument")),
      };
      const [wrong] = calculatorErrors(input);
      if (wrong !== undefined) throw new Problem(400, errorWords(wrong));
      return { input: { ...input }, result: { ...calculateExposure(input, observatory, instrument) } };
    },
  );

  app.get(
    "/requests/calculator",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          instrument: Text,
          band: Text,
          mode: Text,
          asked: Text,
          skyOf: Text,
          draft: Type.Optional(Type.String({ maxLength: 200 })),
          plan: Type.Optional(Type.String({ maxLength: 200 })),
          ...Object.fromEntries([...NUMBERS, "bandId"].map((name) => [name, Text])),
        }),
      },
    },
    async (request, reply) => {
      const query = request.query as Readonly<Record<string, string | undefined>>;
      const instrument =
        observatory.instruments.find(({ id }) => id === query["instrument"]) ?? observatory.instruments[0];
      if (instrument === undefined) throw new Problem(404, "This observatory has no instrument.");
      const input = inputOf(query, instrument);
      const asked = query["asked"] !== undefined;
      const errors = asked ? calculatorErrors(input) : [];
      const result = asked && errors.length === 0 ? calculateExposure(input, observatory, instrument) : null;
      // The version that the button writes into is that of the draft as it is now.
      const draft =
        query["draft"] === undefined || typeof request.identity?.userId !== "string"
          ? null
          : await desk.draftOf(desk.author(request.identity, request.ip), query["draft"]);
      return pages.send(request, reply, "requests/calculator", {
        ...calculatorModel(input, query, instrument, observatory, errors, result),
        cost:
          result === null
            ? ""
            : costWords(input, result, instrument, observatory, ditherOf(draft?.document, query["plan"])),
        use:
          draft === null || result === null || query["plan"] === undefined
            ? null
            : {
                action: `/requests/${draft.id}/edit`,
                csrf: identities.csrfToken(request, reply),
                version: String(draft.version),
                step: query["plan"].replace(/\.plans\[\d+\]$/, ""),
                field: `${query["plan"]}.exposureS`,
                value: rounded(
                  Math.min(instrument.maxExposureS, Math.max(instrument.minExposureS, result.exposureS)),
                ),
              },
        back: draft === null ? "" : `/requests/${draft.id}/edit?step=all`,
      });
    },
  );
}

function instrumentNamed(observatory: Observatory, id: string): InstrumentDescription {
  const instrument = observatory.instruments.find((one) => one.id === id);
  if (instrument !== undefined) return instrument;
  const names = observatory.instruments.map((one) => one.id).join(", ");
  throw new Problem(400, `query field "instrument" is "${id}": the instruments are ${names}.`);
}

function inputOf(
  query: Readonly<Record<string, string | undefined>>,
  instrument: InstrumentDescription,
): CalculatorInput {
  const mode = CALCULATOR_MODES.find((one) => one === query["mode"]) ?? "snr";
  const band = query["bandId"] ?? query["band"] ?? "";
  const defaults = { ...calculatorDefaults(instrument, band), mode };
  const numbers = NUMBERS.flatMap((name) => {
    const text = query[name]?.trim().replace("−", "-");
    if (text === undefined) return [];
    // Another band was chosen: its own sky, unless one was written for it.
    if (name === "skyMag" && query["skyOf"] !== undefined && query["skyOf"] !== defaults.bandId) return [];
    return [[name, text === "" ? defaults[name] : Number(text)] as const];
  });
  return { ...defaults, ...Object.fromEntries(numbers) };
}

const MODE_WORDS: Readonly<Record<CalculatorInput["mode"], string>> = {
  snr: "Signal over noise",
  time: "Exposure time",
  mag: "Faintest magnitude",
};
const ASKED: Readonly<Record<CalculatorInput["mode"], string>> = {
  snr: "snr",
  time: "exposureS",
  mag: "mag",
};

function calculatorModel(
  input: CalculatorInput,
  query: Readonly<Record<string, string | undefined>>,
  instrument: InstrumentDescription,
  observatory: Observatory,
  errors: readonly FieldError[],
  result: CalculatorResult | null,
) {
  const field = (name: (typeof NUMBERS)[number]) => ({
    id: `f-${name}`,
    name,
    label: LABELS[name][0],
    hint: LABELS[name][1],
    value: Number.isNaN(input[name]) ? (query[name] ?? "") : String(input[name]),
    error: errors.filter((error) => error.field === name).map(errorWords)[0] ?? "",
  });
  const main = (["mag", "exposureS", "snr", "frames"] as const).filter((name) => name !== ASKED[input.mode]);
  const conditions = ["seeingArcsec", "airmass", "skyMag"] as const;
  const detector = ["throughput", "darkEPerS", "pixelUm", "obstruction"] as const;
  return {
    title: errors.length > 0 ? "Error: Exposure time calculator" : "Exposure time calculator",
    sentence: `What a point source needs on the ${instrument.name} of ${observatory.telescope.name}.`,
    modes: CALCULATOR_MODES.map((mode) => ({
      value: mode,
      label: MODE_WORDS[mode],
      chosen: mode === input.mode,
    })),
    instruments: observatory.instruments.map(({ id, name }) => ({
      value: id,
      label: name,
      chosen: id === instrument.id,
    })),
    bands: BANDS.map(({ id, lambdaNm }) => ({
      value: id,
      label: `${id}, ${lambdaNm} nm`,
      chosen: id === input.bandId,
    })),
    band: input.bandId,
    draft: query["draft"] ?? "",
    plan: query["plan"] ?? "",
    main: main.map(field),
    conditions: conditions.map(field),
    detector: detector.map(field),
    result: result === null ? null : resultModel(input, result, instrument),
  };
}

function resultModel(input: CalculatorInput, result: CalculatorResult, instrument: InstrumentDescription) {
  const { saturation, noise } = result;
  const total = noise.source + noise.sky + noise.dark + noise.readOut;
  const share = (variance: number): string => `${Math.round((100 * variance) / total)} %`;
  const frames = input.frames === 1 ? "" : `${input.frames} frames of `;
  const tooLong = result.exposureS > instrument.maxExposureS;
  const exposure = `${frames}${rounded(result.exposureS)} s`;
  const answer = {
    snr: `Signal over noise ${number(result.snr, 1)} in ${exposure} (± ${number(result.magError, 3)} mag).`,
    time: `${exposure} for a signal over noise of ${number(result.snr, 1)} (± ${number(result.magError, 3)} mag).`,
    mag: `Faintest magnitude ${number(result.mag, 2)} in ${exposure} at a signal over noise of ${number(result.snr, 1)}.`,
  }[input.mode];
  return {
    answer,
    saturation: saturation.saturated
      ? `The brightest pixel saturates (${number(100 * saturation.share)} % of ${instrument.saturationAdu} ADU). ${rounded(saturation.safeExposureS)} s keeps it at 70 %.`
      : `The brightest pixel reaches ${number(100 * saturation.share, 1)} % of ${instrument.saturationAdu} ADU; ${rounded(saturation.safeExposureS)} s would bring it to 70 %.`,
    saturated: saturation.saturated,
    warning: tooLong
      ? `${instrument.name} takes at most ${instrument.maxExposureS} s: take ${count(Math.ceil(result.exposureS / instrument.maxExposureS), "frame")} or more.`
      : "",
    rows: [
      ["Source in the aperture", `${number(result.sourceEPerS, 2)} e/s`],
      ["Sky", `${number(result.skyEPerS, 2)} e/s per pixel`],
      [
        "Aperture",
        `${number(result.aperturePixels, 1)} pixels of ${number(result.pixelArcsec, 2)}″, image ${number(result.fwhmArcsec, 2)}″ FWHM`,
      ],
      [
        "Noise of source, sky, dark, read-out",
        [noise.source, noise.sky, noise.dark, noise.readOut].map(share).join(", "),
      ],
    ].map(([name = "", value = ""]) => ({ name, value })),
  };
}

/** What the frames cost on the telescope, with the dithers of the sequence they are for. */
function costWords(
  { frames, bandId }: CalculatorInput,
  { exposureS }: CalculatorResult,
  { id, overheadS }: InstrumentDescription,
  observatory: Observatory,
  dither: Dither | null,
): string {
  const album = { instrumentId: id, plans: [{ filter: bandId, exposureS, count: frames }] };
  const needed = duration(timedSequenceS(observatory, [album], dither) * 1_000);
  const steps = dither === null ? "" : ` and ${count(dither.positions - 1, "dither")}`;
  return `The telescope needs ${needed} with read-outs${steps}, besides ${overheadS} s to point.`;
}

/** The dither of the sequence in which a plan stands, when it is one; wrong ones are said in the editor. */
function ditherOf(written: WrittenRequest | undefined, plan: string | undefined): Dither | null {
  const sequence = written?.sequences[partsOfPath(plan ?? "")?.s ?? -1];
  const positions = Number(sequence?.ditherPositions);
  const stepArcsec = Number(sequence?.ditherStepArcsec);
  return Number.isInteger(positions) && positions >= MIN_DITHER_POSITIONS && stepArcsec > 0
    ? { positions, stepArcsec }
    : null;
}

function errorWords({ field, value, rule }: FieldError): string {
  const label = LABELS[field as keyof typeof LABELS]?.[0] ?? field;
  const shown = typeof value === "string" || typeof value === "number" ? String(value) : "";
  return shown === "" ? `${label}: ${rule}.` : `${label}: ${shown} is not taken; ${rule}.`;
}

/** Three figures, as exposure times are written. */
function rounded(seconds: number): string {
  if (seconds >= 100) return String(Math.ceil(seconds));
  return String(Number(seconds.toPrecision(3)));
}
