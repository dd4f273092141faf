/** Folders of pixels: each file in them belongs to a row of the database. */
export const PIXEL_FOLDERS = ["images", "calibration", "calibrated"] as const;

/** What Vesper keeps below VESPER_HOME. Backups are not among it: they outlive everything else. */
export const KEPT_IN_HOME: readonly string[] = [
  ...PIXEL_FOLDERS,
  "postgres",
  "postgres.password",
  "password",
  "partners.json",
  "clock.json",
  "lease.json",
  "guard.json",
  "guard-journal.jsonl",
  "temporal.db",
  "temporal.db-shm",
  "temporal.db-wal",
  "run",
  "log",
  "mail",
  "histories",
  "simulators",
  "bundle",
  "outbox",
  "restored.json",
];
