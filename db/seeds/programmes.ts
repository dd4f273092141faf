import { ALERT_PROGRAMME_ID } from "../../domain/quota/ledger.ts";
import type { ProgrammeRecord } from "../entities/programme.ts";

export interface SeedProgramme extends ProgrammeRecord {
  readonly grantedS: number;
}

const HOUR_S = 3_600;

/** Alert observations are charged to it; every site has it. */
export const ALERT_PROGRAMME: SeedProgramme = {
  id: ALERT_PROGRAMME_ID,
  name: "Gamma-ray bursts and other alerts",
  kind: "alert",
  priority: 0,
  description: "Observations that alerts ask for. May overdraw.",
  active: true,
  grantedS: 500 * HOUR_S,
};

/** Programmes of the demonstration. */
export const DEMO_PROGRAMMES: readonly SeedProgramme[] = [
  {
    id: "GALAXIES",
    name: "Nearby galaxies",
    kind: "routine",
    priority: 1,
    description: "Deep images of galaxies within 20 Mpc.",
    active: true,
    grantedS: 100 * HOUR_S,
  },
  {
    id: "CLUSTERS",
    name: "Clusters and nebulae",
    kind: "routine",
    priority: 1,
    description: "Star clusters and nebulae of the Milky Way.",
    active: true,
    grantedS: 100 * HOUR_S,
  },
  {
    id: "AGN",
    name: "Active galactic nuclei",
    kind: "routine",
    priority: 2,
    description: "Nightly photometry of blazars and Seyfert galaxies.",
    active: true,
    grantedS: 300 * HOUR_S,
  },
  {
    id: "STANDARDS",
    name: "Standard fields",
    kind: "routine",
    priority: 3,
    description: "Landolt fields for the zero point.",
    active: true,
    grantedS: 100 * HOUR_S,
  },
  {
    id: "TEACHING",
    name: "Student projects",
    kind: "routine",
    priority: 0,
    description: "Its time is nearly used up: shows what a spent quota looks like.",
    active: true,
    grantedS: 300,
  },
];
