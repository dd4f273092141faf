import { backup, DatabaseSync } from "node:sqlite";

/** More pages than any file has: the copy is made in one step. */
const ALL_PAGES = 2 ** 31 - 1;

/** One consistent look at the file of Temporal's development server, which goes on writing. */
export interface TemporalLook {
  /** Writes what the look sees to a new file. */
  copyTo(file: string): Promise<void>;
  close(): void;
}

/** Takes the look. @throws when the file is none of SQLite's */
export function lookAtTemporalFile(file: string): TemporalLook {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec("begin");
    // A transaction begins to see with its first reading.
    database.prepare("select count(*) from sqlite_master").get();
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    copyTo: async (to) => {
      await backup(database, to, { rate: ALL_PAGES });
    },
    close: () => database.close(),
  };
}

/** What SQLite finds wrong in a file; null when it is whole. */
export function faultOfTemporalFile(file: string): string | null {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const row = database.prepare("pragma quick_check(1)").get() as { quick_check?: string } | undefined;
    return row?.quick_check === "ok" ? null : (row?.quick_check ?? "it says nothing");
  } finally {
    database.close();
  }
}
