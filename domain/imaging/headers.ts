import { airmass, altAz, lastDeg } from "../astronomy/alt-az.ts";
import { moonAltDeg, moonIllumination, moonSeparationDeg, sunAltDeg } from "../astronomy/sun-moon.ts";
import { MS_PER_DAY, MS_PER_SECOND, UNIX_EPOCH_JD } from "../units.ts";
import { comment, integer, real, text } from "./fits/card.ts";
import type { Card } from "./fits/card.ts";
import { wcsCards, wcsOfPointing } from "./wcs.ts";

/** What the light of a frame came from; the words of IMAGETYP. */
export type FrameType = "OBJECT" | "BIAS" | "DARK" | "FLAT";

/** All that the header of one frame says. Times are Unix ms of observatory time, places ICRS degrees. */
export interface FrameDescription {
  readonly frameType: FrameType;
  readonly width: number;
  readonly height: number;
  readonly startMs: number;
  readonly exposureS: number;
  readonly site: {
    readonly name: string;
    readonly latDeg: number;
    readonly lonDeg: number;
    readonly heightM: number;
  };
  readonly telescope: {
    readonly name: string;
    readonly apertureM: number;
    readonly focalLengthMm: number;
  };
  readonly instrument: {
    readonly id: string;
    readonly name: string;
    readonly cameraName: string;
    readonly gainEPerAdu: number;
    readonly readNoiseE: number;
    readonly saturationAdu: number;
    readonly setPointC: number;
    readonly rotationDeg: number;
    readonly scaleArcsecPerPx: number;
    readonly mirrored?: boolean;
    readonly binX?: number;
    readonly binY?: number;
    readonly pixelSizeUm?: number;
    readonly readoutMode?: string;
  };
  readonly temperatureC: number | null;
  /** Absent in bias and dark frames. */
  readonly filter?: string;
  /** Who says so: the wheel, the plan when the wheel could not be asked, or nobody: without a wheel it is fixed. */
  readonly filterSource?: "wheel" | "plan" | "fixed";
  /** How far from the target the telescope was sent on purpose, on the sky. */
  readonly offset?: { readonly eastArcsec: number; readonly northArcsec: number };
  /** Near-infrared detectors: how they were read. */
  readonly ramp?: {
    readonly mode: string;
    readonly nreads: number;
    readonly nresets: number;
    readonly groups: number;
    readonly read: number;
  } | null;
  /** Name of what was observed. */
  readonly object?: string;
  /** Where the sequence wanted to look. */
  readonly target?: { readonly raDeg: number; readonly decDeg: number };
  /** Where the telescope pointed; `measured` when the mount said so itself. */
  readonly pointing?: { readonly raDeg: number; readonly decDeg: number; readonly measured: boolean };
  /** yyyy-mm-dd of the local noon before the night. */
  readonly nightDate: string;
  readonly programmeId?: string;
  readonly requestId?: string;
  readonly sequenceId?: string;
  readonly albumId?: string;
  readonly planId?: string;
  /** Number of the frame in its plan, from 1. */
  readonly frameNumber?: number;
  readonly attempt?: number;
  readonly alertKey?: string | null;
  /** T0 of the alert. */
  readonly triggerMs?: number | null;
  /** Version of the software that wrote the file. */
  readonly software: string;
}

/** JSON form of a header, for a database or a page: keywords with values, commentary joined. */
export type HeaderRecord = Record<string, string | number | boolean | null>;

/**
 * The header of a frame as the camera gave it (raw counts). What is not known is left out, never filled in.
 * Keywords are those of FITS 4.0 where it has them, of common use elsewhere; sky values are for the middle of the exposure.
 */
export function scienceHeader(frame: FrameDescription): Card[] {
  return [
    ...timeCards(frame),
    ...apparatusCards(frame),
    ...planCards(frame),
    ...(frame.frameType === "OBJECT" ? skyCards(frame) : []),
  ];
}

/** Text in printable ASCII: accents are dropped, what has no such form becomes "?". FITS headers hold nothing else. */
export function asciiText(value: string): string {
  return value
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[–—−]/g, "-")
    .replace(/[^\x20-\x7e]/gu, "?");
}

/** Keywords and values of a header as JSON holds them; whole numbers too large for it become strings. */
export function headerRecord(cards: readonly Card[]): HeaderRecord {
  const record: HeaderRecord = {};
  for (const card of cards) {
    if (card.kind === "commentary") {
      const before = record[card.keyword];
      record[card.keyword] = before === undefined ? card.value : `${String(before)}\n${card.value}`;
    } else if (!(card.keyword in record)) {
      const { value } = card;
      record[card.keyword] =
        typeof value === "bigint"
          ? value.toString()
          : card.kind === "complex"
            ? card.value.join(" ")
            : (value as string);
    }
  }
  return record;
}

/** Instant as FITS writes it: UTC to the millisecond, without zone. */
export function fitsDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1);
}

/** Modified Julian Date (UTC) of a Unix time in ms, good to 0.1 ms. */
export function modifiedJulianDate(ms: number): number {
  return Number((ms / MS_PER_DAY + UNIX_EPOCH_JD - 2_400_000.5).toFixed(9));
}

function timeCards({ startMs, exposureS, frameType }: FrameDescription): Card[] {
  const endMs = startMs + exposureS * MS_PER_SECOND;
  const middleMs = (startMs + endMs) / 2;
  return [
    text("IMAGETYP", frameType, "kind of frame"),
    real("EXPTIME", exposureS, "[s] exposure time"),
    text("TIMESYS", "UTC", "time scale of all dates here"),
    text("DATE-OBS", fitsDate(startMs), "start of the exposure"),
    text("DATE-BEG", fitsDate(startMs), "start of the exposure"),
    text("DATE-AVG", fitsDate(middleMs), "middle of the exposure"),
    text("DATE-END", fitsDate(endMs), "end of the exposure"),
    real("MJD-OBS", modifiedJulianDate(startMs), "[d] start of the exposure"),
    real("MJD-BEG", modifiedJulianDate(startMs), "[d] start of the exposure"),
    real("MJD-AVG", modifiedJulianDate(middleMs), "[d] middle of the exposure"),
    real("MJD-END", modifiedJulianDate(endMs), "[d] end of the exposure"),
  ];
}

function apparatusCards({
  site,
  telescope,
  instrument,
  temperatureC,
  filter,
  filterSource,
  ramp,
  software,
}: FrameDescription): Card[] {
  const { binX = 1, binY = 1, pixelSizeUm, readoutMode } = instrument;
  return [
    words("OBSERVAT", site.name, "observatory"),
    // OBSGEO-X/Y/Z would be Cartesian; these are the geodetic forms of FITS 4.0.
    real("OBSGEO-B", site.latDeg, "[deg] geodetic latitude"),
    real("OBSGEO-L", site.lonDeg, "[deg] longitude, east positive"),
    real("OBSGEO-H", site.heightM, "[m] height"),
    words("TELESCOP", telescope.name, "telescope"),
    real("APTDIA", telescope.apertureM * 1_000, "[mm] aperture", 3),
    real("FOCALLEN", telescope.focalLengthMm, "[mm] focal length"),
    words("INSTRUME", instrument.name, "instrument"),
    words("INSTRID", instrument.id, "instrument in the observatory file"),
    words("DETECTOR", instrument.cameraName, "camera"),
    ...(filter === undefined ? [] : [words("FILTER", filter, "filter")]),
    ...(filterSource === undefined
      ? []
      : [text("FILTSRC", filterSource.toUpperCase(), "who says so: wheel, plan, or fixed")]),
    real("GAIN", instrument.gainEPerAdu, "[e-/adu] conversion gain"),
    real("RDNOISE", instrument.readNoiseE, "[e-] read noise"),
    real("SATURATE", instrument.saturationAdu, "[adu] saturation"),
    text("BUNIT", "adu", "unit of the pixels"),
    ...(temperatureC === null ? [] : [real("CCD-TEMP", temperatureC, "[degC] detector temperature", 3)]),
    real("SET-TEMP", instrument.setPointC, "[degC] cooler set point"),
    integer("XBINNING", binX, "binning along the rows"),
    integer("YBINNING", binY, "binning across the rows"),
    ...(pixelSizeUm === undefined ? [] : [real("XPIXSZ", pixelSizeUm * binX, "[um] pixel width, binned")]),
    ...(pixelSizeUm === undefined ? [] : [real("YPIXSZ", pixelSizeUm * binY, "[um] pixel height, binned")]),
    ...(ramp === undefined || ramp === null ? [] : rampCards(ramp)),
    ...(readoutMode === undefined ? [] : [words("READOUTM", readoutMode, "read-out mode")]),
    text("ROWORDER", "BOTTOM-UP", "the first row is the bottom of the picture"),
    words("SWCREATE", software, "software that wrote the frame"),
  ];
}

function rampCards(ramp: NonNullable<FrameDescription["ramp"]>): Card[] {
  return [
    words("READOUTM", ramp.mode, "read-out mode"),
    integer("NREADS", ramp.nreads, "non-destructive reads asked for"),
    integer("NREADEND", ramp.read, "non-destructive reads taken"),
    integer("NRESETS", ramp.nresets, "resets before the first read"),
    integer("NGROUPS", ramp.groups, "groups of averaged reads"),
  ];
}

function planCards(frame: FrameDescription): Card[] {
  const named: readonly (readonly [string, string | null | undefined, string])[] = [
    ["OBJECT", frame.object, "what was observed"],
    ["NIGHT", frame.nightDate, "night, date of the local noon before"],
    ["PROGID", frame.programmeId, "scientific programme"],
    ["REQID", frame.requestId, "request"],
    ["SEQID", frame.sequenceId, "sequence (one pointing)"],
    ["ALBUMID", frame.albumId, "album (one detector's share)"],
    ["PLANID", frame.planId, "plan (filter, time, count)"],
    ["ALERTKEY", frame.alertKey, "alert"],
  ];
  const { frameNumber, attempt, triggerMs, startMs } = frame;
  return [
    ...named.flatMap(([keyword, value, remark]) => (value ? [words(keyword, value, remark)] : [])),
    ...(frameNumber === undefined ? [] : [integer("FRAMENO", frameNumber, "frame of its plan, from 1")]),
    ...(attempt === undefined ? [] : [integer("ATTEMPT", attempt, "attempt at this frame")]),
    ...(triggerMs === undefined || triggerMs === null
      ? []
      : [
          text("TRIGTIME", fitsDate(triggerMs), "trigger of the alert (T0)"),
          real("TSINCE", (startMs - triggerMs) / MS_PER_SECOND, "[s] start of the exposure after T0"),
        ]),
  ];
}

function skyCards(frame: FrameDescription): Card[] {
  const { site, pointing, target, instrument } = frame;
  const middleMs = frame.startMs + (frame.exposureS * MS_PER_SECOND) / 2;
  const cards: Card[] =
    target === undefined
      ? []
      : [real("RA", target.raDeg, "[deg] target, ICRS"), real("DEC", target.decDeg, "[deg] target, ICRS")];
  if (frame.offset !== undefined) {
    cards.push(
      real("DITHEAST", frame.offset.eastArcsec, "[arcsec] dither, to the east on the sky", 3),
      real("DITHNORT", frame.offset.northArcsec, "[arcsec] dither, to the north", 3),
    );
  }
  if (pointing === undefined) {
    return cards;
  }
  const { raDeg, decDeg } = pointing;
  const place = altAz(site, raDeg, decDeg, middleMs);
  const air = airmass(place.altDeg);
  cards.push(
    real("CENTALT", place.altDeg, "[deg] altitude of the pointing, airless", 5),
    real("CENTAZ", place.azDeg, "[deg] azimuth, N=0 E=90", 5),
    ...(air === null ? [] : [real("AIRMASS", air, "Kasten & Young 1989", 4)]),
    real("LST", lastDeg(site, middleMs), "[deg] local apparent sidereal time", 5),
    real("SUNALT", sunAltDeg(site, middleMs), "[deg] altitude of the Sun", 2),
    real("MOONALT", moonAltDeg(site, middleMs), "[deg] altitude of the Moon", 2),
    real("MOONSEP", moonSeparationDeg(site, raDeg, decDeg, middleMs), "[deg] distance from the Moon", 2),
    real("MOONILL", moonIllumination(middleMs), "illuminated fraction of the Moon", 4),
    ...wcsCards(
      wcsOfPointing({
        raDeg,
        decDeg,
        width: frame.width,
        height: frame.height,
        scaleArcsecPerPx: instrument.scaleArcsecPerPx,
        rotationDeg: instrument.rotationDeg,
        mirrored: instrument.mirrored ?? false,
      }),
    ),
    text("WCSSRC", pointing.measured ? "MOUNT" : "COMMAND", "the coordinates above come from"),
    comment(
      pointing.measured
        ? "World coordinates are those the mount reported, not fitted to stars."
        : "World coordinates are those the mount was sent to, not fitted to stars.",
    ),
  );
  return cards;
}

function words(keyword: string, value: string, remark: string): Card {
  return text(keyword, asciiText(value), remark);
}
