import { SpineMigration } from "./0001-spine.ts";

/** Every migration, oldest first. A migration that has run anywhere is never edited: add the next one. */
export const MIGRATIONS = [{ name: "0001-spine", class: SpineMigration }];
