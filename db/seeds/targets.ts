/** A pointing of the demonstration: name, ICRS position (degrees) and what to take. */
export interface SeedTarget {
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly programmeId: string;
  readonly exposureS: number;
  readonly count: number;
  readonly minAltDeg?: number;
  readonly minMoonSepDeg?: number;
  readonly priority?: number;
}

/** Observed once: galaxies, clusters and nebulae. Positions from the NASA/IPAC and SIMBAD databases, J2000. */
export const SINGLE_TARGETS: readonly SeedTarget[] = [
  { name: "M 33", raDeg: 23.4621, decDeg: 30.6599, programmeId: "GALAXIES", exposureS: 120, count: 6 },
  { name: "M 74", raDeg: 24.1739, decDeg: 15.7837, programmeId: "GALAXIES", exposureS: 120, count: 6 },
  { name: "NGC 7814", raDeg: 0.8121, decDeg: 16.1454, programmeId: "GALAXIES", exposureS: 90, count: 6 },
  { name: "M 76", raDeg: 25.582, decDeg: 51.5754, programmeId: "CLUSTERS", exposureS: 90, count: 6 },
  { name: "NGC 891", raDeg: 35.6392, decDeg: 42.3491, programmeId: "GALAXIES", exposureS: 120, count: 7 },
  { name: "M 1", raDeg: 83.6331, decDeg: 22.0145, programmeId: "CLUSTERS", exposureS: 90, count: 8 },
  { name: "M 37", raDeg: 88.075, decDeg: 32.553, programmeId: "CLUSTERS", exposureS: 60, count: 10 },
  { name: "NGC 2403", raDeg: 114.214, decDeg: 65.6026, programmeId: "GALAXIES", exposureS: 120, count: 6 },
  { name: "M 67", raDeg: 132.846, decDeg: 11.814, programmeId: "CLUSTERS", exposureS: 60, count: 8 },
  { name: "M 81", raDeg: 148.8882, decDeg: 69.0653, programmeId: "GALAXIES", exposureS: 120, count: 8 },
  { name: "M 106", raDeg: 184.7401, decDeg: 47.3037, programmeId: "GALAXIES", exposureS: 120, count: 5 },
  { name: "M 51", raDeg: 202.4696, decDeg: 47.1952, programmeId: "GALAXIES", exposureS: 120, count: 8 },
  { name: "M 3", raDeg: 205.5484, decDeg: 28.3773, programmeId: "CLUSTERS", exposureS: 60, count: 8 },
  { name: "M 101", raDeg: 210.8024, decDeg: 54.3488, programmeId: "GALAXIES", exposureS: 120, count: 7 },
  { name: "M 13", raDeg: 250.4235, decDeg: 36.4613, programmeId: "CLUSTERS", exposureS: 60, count: 10 },
  { name: "M 92", raDeg: 259.2808, decDeg: 43.1359, programmeId: "CLUSTERS", exposureS: 60, count: 8 },
  { name: "M 57", raDeg: 283.3962, decDeg: 33.0292, programmeId: "CLUSTERS", exposureS: 90, count: 8 },
  { name: "M 27", raDeg: 299.9016, decDeg: 22.7212, programmeId: "CLUSTERS", exposureS: 90, count: 8 },
  { name: "NGC 6946", raDeg: 308.718, decDeg: 60.1539, programmeId: "GALAXIES", exposureS: 120, count: 6 },
  { name: "M 71", raDeg: 298.4438, decDeg: 18.7792, programmeId: "CLUSTERS", exposureS: 60, count: 7 },
  { name: "M 15", raDeg: 322.493, decDeg: 12.167, programmeId: "CLUSTERS", exposureS: 60, count: 8 },
  { name: "NGC 7331", raDeg: 339.267, decDeg: 34.4156, programmeId: "GALAXIES", exposureS: 120, count: 5 },
];

/** Observed every night while it lasts: active galactic nuclei and standard fields (Landolt 1992, AJ 104, 340). */
export const MONITORED_TARGETS: readonly SeedTarget[] = [
  { name: "Mrk 335", raDeg: 1.5813, decDeg: 20.2029, programmeId: "AGN", exposureS: 90, count: 5 },
  { name: "3C 66A", raDeg: 35.6651, decDeg: 43.0355, programmeId: "AGN", exposureS: 90, count: 5 },
  { name: "3C 120", raDeg: 68.2962, decDeg: 5.3543, programmeId: "AGN", exposureS: 120, count: 4 },
  { name: "SA 98", raDeg: 102.95, decDeg: -0.3333, programmeId: "STANDARDS", exposureS: 60, count: 6 },
  { name: "OJ 287", raDeg: 133.7036, decDeg: 20.1085, programmeId: "AGN", exposureS: 90, count: 5 },
  { name: "Mrk 421", raDeg: 166.1138, decDeg: 38.2088, programmeId: "AGN", exposureS: 60, count: 6 },
  { name: "3C 273", raDeg: 187.2779, decDeg: 2.0524, programmeId: "AGN", exposureS: 60, count: 6 },
  { name: "NGC 5548", raDeg: 214.4981, decDeg: 25.1368, programmeId: "AGN", exposureS: 90, count: 5 },
  { name: "Mrk 501", raDeg: 253.4676, decDeg: 39.7602, programmeId: "AGN", exposureS: 60, count: 6 },
  { name: "SA 110", raDeg: 280.725, decDeg: 0.4, programmeId: "STANDARDS", exposureS: 60, count: 6 },
  { name: "BL Lac", raDeg: 330.6804, decDeg: 42.2778, programmeId: "AGN", exposureS: 60, count: 6 },
  { name: "3C 454.3", raDeg: 343.4906, decDeg: 16.1482, programmeId: "AGN", exposureS: 120, count: 4 },
];

/** Never observed at 31 deg north, each for another reason, so that a reason can be seen. */
export const IMPOSSIBLE_TARGETS: readonly (SeedTarget & { readonly because: string })[] = [
  {
    name: "47 Tuc",
    raDeg: 6.0236,
    decDeg: -72.0813,
    programmeId: "CLUSTERS",
    exposureS: 60,
    count: 6,
    because: "Never rises here: it culminates 13 degrees below the horizon.",
  },
  {
    name: "30 Doradus",
    raDeg: 84.6764,
    decDeg: -69.1009,
    programmeId: "CLUSTERS",
    exposureS: 60,
    count: 6,
    because: "Never rises here: it culminates 10 degrees below the horizon.",
  },
  {
    name: "M 83",
    raDeg: 204.2538,
    decDeg: -29.8658,
    programmeId: "GALAXIES",
    exposureS: 120,
    count: 6,
    minAltDeg: 35,
    because: "Asked for above 35 degrees; it culminates at 29.",
  },
  {
    name: "M 44",
    raDeg: 130.1,
    decDeg: 19.67,
    programmeId: "CLUSTERS",
    exposureS: 60,
    count: 6,
    minMoonSepDeg: 180,
    because: "Asked for 180 degrees from the Moon: the Moon is always nearer.",
  },
  {
    name: "NGC 188",
    raDeg: 12.108,
    decDeg: 85.255,
    programmeId: "CLUSTERS",
    exposureS: 1200,
    count: 45,
    because: "Longer than any night here: 15 hours in one go.",
  },
  {
    name: "M 31",
    raDeg: 10.6847,
    decDeg: 41.2688,
    programmeId: "TEACHING",
    exposureS: 120,
    count: 6,
    priority: 60,
    because: "The programme has 5 minutes left; this takes 14.",
  },
];
