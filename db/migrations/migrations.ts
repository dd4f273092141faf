import { SpineMigration } from "./0001-spine.ts";
import { ArmsMigration } from "./0002-arms.ts";
import { RecoveryMigration } from "./0003-recovery.ts";
import { ManualMigration } from "./0004-manual.ts";
import { CalibrationMigration } from "./0006-calibration.ts";
import { AnalysesMigration } from "./0007-analyses.ts";
import { PartnersMigration } from "./0007-partners.ts";
import { PeopleMigration } from "./0008-people.ts";
import { RequestDraftMigration } from "./0009-request-drafts.ts";
import { ImpossibleStatesMigration } from "./0010-impossible-states.ts";
import { PagesMigration } from "./0011-pages.ts";
import { WebProcessMigration } from "./0012-web-processes.ts";
import { ListsMigration } from "./0013-lists.ts";

/** Every migration, oldest first. A migration that has run anywhere is never edited: add the next one. */
export const MIGRATIONS = [
  { name: "0001-spine", class: SpineMigration },
  { name: "0002-arms", class: ArmsMigration },
  { name: "0003-recovery", class: RecoveryMigration },
  { name: "0004-manual", class: ManualMigration },
  { name: "0006-calibration", class: CalibrationMigration },
  { name: "0007-partners", class: PartnersMigration },
  { name: "0007-analyses", class: AnalysesMigration },
  { name: "0008-people", class: PeopleMigration },
  { name: "0009-request-drafts", class: RequestDraftMigration },
  { name: "0010-impossible-states", class: ImpossibleStatesMigration },
  { name: "0011-pages", class: PagesMigration },
  { name: "0012-web-processes", class: WebProcessMigration },
  { name: "0013-lists", class: ListsMigration },
];
