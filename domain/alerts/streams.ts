import type { NoticeKind } from "./notice.ts";

/** What is fixed for every notice of one stream. */
export interface Stream {
  readonly name: string;
  readonly mission: string;
  readonly instrument: string;
  readonly kind: NoticeKind;
  /** Probability that the quoted error circle holds the source. */
  readonly containment: number;
  /** Systematic error of a position (68 %), degrees, to add in quadrature to the quoted one. */
  readonly systematicDeg: number;
  /** Within one trigger the position of the highest grade counts; 0: never used for pointing. */
  readonly positionGrade: number;
  /** Within one event the T0 of the highest grade counts; 0: the time is of an exposure, not of the burst. */
  readonly t0Grade: number;
}

/**
 * Measured on 63 Swift-Fermi pairs: with 5.6 deg added in quadrature 96 to 99 % of the Fermi GBM positions agree with
 * Swift within 2 sigma; the quoted error alone gives 38 to 65 % within 1 sigma. Connaughton et al. 2015 (ApJS 216, 32)
 * find 3.7 deg core with a 10 % tail to 14 deg.
 */
const GBM_SYSTEMATIC_DEG = 5.6;

type Row = readonly [
  types: readonly number[],
  name: string,
  mission: string,
  instrument: string,
  kind: NoticeKind,
  containment?: number,
  systematicDeg?: number,
  positionGrade?: number,
  t0Grade?: number,
];

/** One line per stream of GCN Classic and SVOM, keyed by packet type number (gcn.gsfc.nasa.gov, sock_pkt_def_doc). */
const ROWS: readonly Row[] = [
  [[60], "swift-bat-alert", "swift", "BAT", "trigger", 0.9, 0, 0, 3],
  [[61], "swift-bat-pos", "swift", "BAT", "position", 0.9, 0, 2, 4],
  [[97, 99], "swift-bat-quicklook", "swift", "BAT", "position", 0.9, 0, 1, 2],
  [[67], "swift-xrt-pos", "swift", "XRT", "position", 0.9, 0, 3, 0],
  [[81], "swift-uvot-pos", "swift", "UVOT", "position", 0.9, 0, 4, 0],
  [[84], "swift-bat-trans", "swift", "BAT", "companion", 0.9, 0, 1, 1],
  [[46, 47], "swift-too", "swift", "spacecraft", "utility"],
  [[62, 63, 64, 76], "swift-bat-companion", "swift", "BAT", "companion", 0.9, 0, 0, 1],
  [[65, 66], "swift-slew", "swift", "spacecraft", "companion", 0.9, 0, 0, 1],
  [[68, 69, 70, 71, 77, 78, 85, 86, 87, 88], "swift-xrt-companion", "swift", "XRT", "companion"],
  [[72, 73, 74, 75, 79, 80, 89], "swift-uvot-companion", "swift", "UVOT", "companion"],
  [[98, 140], "swift-bat-subthreshold", "swift", "BAT", "survey"],
  [[133, 141], "swift-bat-known", "swift", "BAT", "survey"],
  [[83, 103], "swift-pointing", "swift", "spacecraft", "utility"],
  [[110], "fermi-gbm-alert", "fermi", "GBM", "trigger", 0.68, 0, 0, 4],
  [[111], "fermi-gbm-flight", "fermi", "GBM", "position", 0.68, GBM_SYSTEMATIC_DEG, 1, 4],
  [[112], "fermi-gbm-ground", "fermi", "GBM", "position", 0.68, GBM_SYSTEMATIC_DEG, 2, 4],
  [[115], "fermi-gbm-final", "fermi", "GBM", "position", 0.68, GBM_SYSTEMATIC_DEG, 3, 4],
  [[114, 118], "fermi-gbm-companion", "fermi", "GBM", "companion"],
  [[131], "fermi-gbm-subthreshold", "fermi", "GBM", "survey", 0.68, GBM_SYSTEMATIC_DEG],
  [[120], "fermi-lat-initial", "fermi", "LAT", "position", 0.9, 0, 1, 1],
  [[121], "fermi-lat-update", "fermi", "LAT", "position", 0.9, 0, 2, 1],
  [[127, 128], "fermi-lat-offline", "fermi", "LAT", "position", 0.9, 0, 3, 1],
  [[122, 123, 125], "fermi-lat-companion", "fermi", "LAT", "survey"],
  [[126, 129], "fermi-pointing", "fermi", "spacecraft", "utility"],
  [[201], "svom-grm", "svom", "GRM", "position", 0.68, GBM_SYSTEMATIC_DEG, 1, 3],
  [[202], "svom-eclairs", "svom", "ECLAIRs", "position", 0.9, 0, 2, 4],
  [[209], "svom-mxt", "svom", "MXT", "position", 0.9, 0, 4, 1],
  [[51], "integral-pointing", "integral", "spacecraft", "utility"],
  [[52], "integral-spiacs", "integral", "SPI-ACS", "timing", 0.9, 0, 0, 1],
  [[53], "integral-wakeup", "integral", "IBAS", "position", 0.9, 0, 1, 4],
  [[54], "integral-refined", "integral", "IBAS", "position", 0.9, 0, 2, 2],
  [[55], "integral-offline", "integral", "IBAS", "position", 0.9, 0, 3, 1],
  [[56], "integral-weak", "integral", "IBAS", "position", 0.9, 0, 1, 2],
  [[188], "gecam-flight", "gecam", "GRD", "position", 0.68, GBM_SYSTEMATIC_DEG, 1, 4],
  [[189], "gecam-ground", "gecam", "GRD", "position", 0.68, GBM_SYSTEMATIC_DEG, 1, 4],
  [[134], "maxi-unknown", "maxi", "GSC", "position", 0.9, 0, 1, 3],
  [[135], "maxi-known", "maxi", "GSC", "survey"],
  [[173], "icecube-gold", "icecube", "IceCube", "position", 0.9, 0, 1, 4],
  [[174], "icecube-bronze", "icecube", "IceCube", "position", 0.9, 0, 1, 4],
  [[176], "icecube-cascade", "icecube", "IceCube", "position", 0.9, 0, 1, 4],
  [[157, 158, 169, 170, 171, 172], "amon", "amon", "AMON", "position", 0.9, 0, 1, 3],
  [[150], "lvk-preliminary", "lvk", "LVK", "trigger", 0.9, 0, 0, 4],
  [[151], "lvk-initial", "lvk", "LVK", "trigger", 0.9, 0, 0, 4],
  [[152], "lvk-update", "lvk", "LVK", "trigger", 0.9, 0, 0, 4],
  [[163], "lvk-early-warning", "lvk", "LVK", "trigger", 0.9, 0, 0, 4],
  [[153, 164], "lvk-retraction", "lvk", "LVK", "trigger", 0.9, 0, 0, 1],
  [[59], "konus", "konus", "Konus", "timing", 0.9, 0, 0, 1],
  [[31, 32, 33, 34], "ipn", "ipn", "IPN", "timing", 0.9, 0, 0, 1],
  [[105], "agile-mcal", "agile", "MCAL", "timing", 0.9, 0, 0, 1],
  [[160], "calet", "calet", "CGBM", "timing", 0.9, 0, 0, 1],
  [[100, 101, 102], "agile-grid", "agile", "GRID", "position", 0.9, 0, 1, 3],
  [[107, 108], "agile-companion", "agile", "AGILE", "utility"],
  [[45], "counterpart", "counterpart", "telescope", "companion", 0.9, 0, 0, 1],
  [[40, 41, 42, 43], "hete", "hete", "HETE", "position", 0.9, 0, 1, 3],
  [[139], "moa-lensing", "moa", "MOA", "survey"],
  [[149, 175], "supernova-neutrinos", "snews", "neutrinos", "survey"],
  [[2, 44, 82, 109, 119, 124, 136, 159], "test", "gcn", "test", "utility"],
  [[3, 4], "heartbeat", "gcn", "GCN", "utility"],
];

/** A position whose sender is not in the table: kept, never slewed to without a rule that names it. */
export const UNKNOWN_STREAM: Stream = {
  name: "unknown",
  mission: "unknown",
  instrument: "unknown",
  kind: "position",
  containment: 0.9,
  systematicDeg: 0,
  positionGrade: 1,
  t0Grade: 2,
};

const BY_TYPE = new Map<number, Stream>();
const BY_NAME = new Map<string, Stream>([[UNKNOWN_STREAM.name, UNKNOWN_STREAM]]);
for (const [
  types,
  name,
  mission,
  instrument,
  kind,
  containment = 0.9,
  systematicDeg = 0,
  positionGrade = 0,
  t0Grade = 0,
] of ROWS) {
  const stream: Stream = {
    name,
    mission,
    instrument,
    kind,
    containment,
    systematicDeg,
    positionGrade,
    t0Grade,
  };
  BY_NAME.set(name, stream);
  for (const type of types) BY_TYPE.set(type, stream);
}
/** Streams that exist as JSON only. */
for (const stream of [
  {
    name: "ep-wxt",
    mission: "ep",
    instrument: "WXT",
    kind: "position",
    containment: 0.9,
    systematicDeg: 0,
    positionGrade: 1,
    t0Grade: 3,
  },
  {
    name: "swift-guano",
    mission: "swift-guano",
    instrument: "BAT",
    kind: "position",
    containment: 0.9,
    systematicDeg: 0,
    positionGrade: 1,
    t0Grade: 2,
  },
  {
    name: "burstcube",
    mission: "burstcube",
    instrument: "BurstCube",
    kind: "position",
    containment: 0.9,
    systematicDeg: GBM_SYSTEMATIC_DEG,
    positionGrade: 1,
    t0Grade: 3,
  },
  {
    name: "glowbug",
    mission: "glowbug",
    instrument: "Glowbug",
    kind: "position",
    containment: 0.9,
    systematicDeg: GBM_SYSTEMATIC_DEG,
    positionGrade: 1,
    t0Grade: 3,
  },
  {
    name: "svom-eclairs-catalog",
    mission: "svom",
    instrument: "ECLAIRs",
    kind: "position",
    containment: 0.9,
    systematicDeg: 0,
    positionGrade: 2,
    t0Grade: 2,
  },
  {
    name: "icecube-lvk",
    mission: "icecube-lvk",
    instrument: "IceCube",
    kind: "companion",
    containment: 0.9,
    systematicDeg: 0,
    positionGrade: 0,
    t0Grade: 1,
  },
  {
    name: "km3net",
    mission: "km3net",
    instrument: "KM3NeT",
    kind: "position",
    containment: 0.9,
    systematicDeg: 0,
    positionGrade: 1,
    t0Grade: 3,
  },
  {
    name: "superk-sn",
    mission: "superk",
    instrument: "Super-Kamiokande",
    kind: "survey",
    containment: 0.68,
    systematicDeg: 0,
    positionGrade: 0,
    t0Grade: 2,
  },
  {
    name: "chime-frb",
    mission: "chime",
    instrument: "CHIME",
    kind: "survey",
    containment: 0.68,
    systematicDeg: 0,
    positionGrade: 0,
    t0Grade: 2,
  },
  {
    name: "dsa110-frb",
    mission: "dsa110",
    instrument: "DSA-110",
    kind: "survey",
    containment: 0.68,
    systematicDeg: 0,
    positionGrade: 0,
    t0Grade: 2,
  },
  {
    name: "fermi-lat-flare",
    mission: "fermi-lat-flare",
    instrument: "LAT",
    kind: "survey",
    containment: 0.9,
    systematicDeg: 0,
    positionGrade: 0,
    t0Grade: 0,
  },
  {
    name: "heasarc-archive",
    mission: "heasarc",
    instrument: "archive",
    kind: "utility",
    containment: 0.9,
    systematicDeg: 0,
    positionGrade: 0,
    t0Grade: 0,
  },
  {
    name: "boom",
    mission: "boom",
    instrument: "ZTF/LSST",
    kind: "survey",
    containment: 0.9,
    systematicDeg: 0,
    positionGrade: 0,
    t0Grade: 0,
  },
] satisfies readonly Stream[]) {
  BY_NAME.set(stream.name, stream);
}

/** The stream of a GCN packet type number, or undefined. */
export function streamOfType(packetType: number): Stream | undefined {
  return BY_TYPE.get(packetType);
}

/** The stream of that name; `unknown` when the table has none. */
export function streamNamed(name: string): Stream {
  return BY_NAME.get(name) ?? UNKNOWN_STREAM;
}

/** Every stream of the table, for pages and for checking strategy files. */
export function streamNames(): readonly string[] {
  return [...BY_NAME.keys()];
}
