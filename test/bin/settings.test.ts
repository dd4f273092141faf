import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { ConfigurationError } from "../../adapters/config/explain.ts";
import { withSecretFiles } from "../../adapters/config/secret-files.ts";
import { environmentSchema, loadSettings } from "../../adapters/config/settings.ts";

const FOLDER = "/somewhere/vesper";

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadSettings(env, FOLDER);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  }
  throw new Error(`no problem was found in ${JSON.stringify(env)}`);
}

test("an empty environment gives the documented defaults, on loopback", () => {
  const settings = loadSettings({}, FOLDER);
  expect(settings).toMatchObject({
    home: "/somewhere/vesper/data",
    host: "127.0.0.1",
    port: 3000,
    temporalPort: 7233,
    temporalUiPort: 8233,
    postgresPort: 5433,
    alpacaPort: 11_111,
    observatoryFile: "/somewhere/vesper/observatories/colibri.json",
    clock: { mode: "demo", rate: 60, startMs: null },
    password: null,
    webhookSecret: null,
    databaseIsExternal: false,
    temporalAddress: "127.0.0.1:7233",
    temporalIsExternal: false,
    temporalNamespace: "default",
  });
  expect(Object.isFrozen(settings) && Object.isFrozen(settings.clock)).toBe(true);
});

test("an empty string is as good as not set", () => {
  expect(loadSettings({ VESPER_PORT: "", DATABASE_URL: " " }, FOLDER)).toEqual(loadSettings({}, FOLDER));
});

test("all that is wrong is told at once, each with name, value and rule", () => {
  const problems = problemsOf({
    VESPER_PORT: "eighty",
    VESPER_CLOCK: "fast",
    VESPER_CLOCK_RATE: "0",
    VESPER_CLOCK_START: "tomorrow",
    VESPER_PASSWORD: "short",
    VESPER_RETIME: "perhaps",
    DATABASE_URL: "mysql://x",
    TEMPORAL_ADDRESS: "nowhere",
  });
  expect(problems).toHaveLength(8);
  expect(problems).toContain('VESPER_PORT is "eighty": must be a port number from 1 to 65535');
  expect(problems).toContain('VESPER_RETIME is "perhaps": must be 1 (yes) or 0 (no)');
  for (const problem of problems) expect(problem).toMatch(/^[A-Z_]+ is .*: must be /);
});

test("a port out of range is refused", () => {
  expect(problemsOf({ VESPER_PORT: "65536" })).toEqual([
    "VESPER_PORT is 65536: must be a port number from 1 to 65535",
  ]);
  expect(problemsOf({ VESPER_PORT: "80.5" })).toHaveLength(1);
});

test("an unknown VESPER_ name is refused, anybody else's variable is not our business", () => {
  expect(problemsOf({ VESPER_PROT: "3001", PROT: "1" })).toEqual([
    "VESPER_PROT is not a setting of Vesper (the settings are listed in .env.example)",
  ]);
});

test("what is secret is not repeated", () => {
  const problems = problemsOf({
    VESPER_PASSWORD: "sesame",
    VESPER_WEBHOOK_SECRET: "sesame",
    VESPER_POSTGRES_PASSWORD: "sesame",
    DATABASE_URL: "mysql://me:sesame@host",
  });
  expect(problems).toHaveLength(4);
  expect(problems).toContain("VESPER_PASSWORD is set: must be at least 8 characters");
  expect(problems.join()).not.toContain("sesame");
});

test.each([
  [
    { VESPER_PORT: "7233" },
    "VESPER_TEMPORAL_PORT is 7233: VESPER_PORT has the same port, each needs its own",
  ],
  [{ VESPER_CLOCK: "real", VESPER_CLOCK_RATE: "60" }, "VESPER_CLOCK_RATE is 60: must be 1"],
  [{ VESPER_CLOCK: "real", VESPER_CLOCK_START: "2026-01-01T00:00:00Z" }, "the real clock has no start"],
  [{ VESPER_CLOCK_START: "2026-13-01T00:00:00Z" }, "there is no such instant"],
])("settings that contradict each other: %j", (env, words) => {
  expect(problemsOf(env as Record<string, string>).join("\n")).toContain(words);
});

test("the real clock runs at rate 1", () => {
  expect(loadSettings({ VESPER_CLOCK: "real" }, FOLDER).clock).toEqual({
    mode: "real",
    rate: 1,
    startMs: null,
  });
});

test("a start of the clock keeps its zone", () => {
  expect(loadSettings({ VESPER_CLOCK_START: "2026-06-01T12:00:00+02:00" }, FOLDER).clock.startMs).toBe(
    Date.UTC(2026, 5, 1, 10),
  );
});

test("the password of our own PostgreSQL goes into its address, whatever signs it has", () => {
  const { databaseUrl } = loadSettings({ VESPER_POSTGRES_PASSWORD: "p@ss/w:rd#" }, FOLDER);
  expect(decodeURIComponent(new URL(databaseUrl).password)).toBe("p@ss/w:rd#");
});

test("a password apart from its address is put into it", () => {
  const DATABASE_URL = "postgres://vesper@db.example.org:5432/vesper";
  const { databaseUrl } = loadSettings({ DATABASE_URL, DATABASE_PASSWORD: "p@ss/w:rd%#" }, FOLDER);
  expect(decodeURIComponent(new URL(databaseUrl).password)).toBe("p@ss/w:rd%#");
  expect(new URL(databaseUrl).host).toBe("db.example.org:5432");
  expect(problemsOf({ DATABASE_PASSWORD: "secret" })).toEqual([
    "DATABASE_PASSWORD is set without a DATABASE_URL that it could belong to",
  ]);
  for (const DATABASE_URL of ["postgres://db/vesper", "postgres://vesper:other@db/vesper"]) {
    expect(problemsOf({ DATABASE_URL, DATABASE_PASSWORD: "secret" })[0]).toMatch(/must then name the user/);
  }
});

test("a secret may stand in a file, and nothing else may", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "vesper-secrets-"));
  try {
    const file = path.join(folder, "password");
    writeFileSync(file, "correct horse\n");
    const given = withSecretFiles({ VESPER_PASSWORD_FILE: file, VESPER_PORT: "4000" });
    expect(loadSettings(given, FOLDER)).toMatchObject({ password: "correct horse", port: 4000 });
    writeFileSync(file, "");
    expect(loadSettings(withSecretFiles({ VESPER_PASSWORD_FILE: file }), FOLDER).password).toBeNull();
    const both = { VESPER_PASSWORD_FILE: file, VESPER_PASSWORD: "battery staple", DATABASE_URL_FILE: folder };
    expect(() => withSecretFiles(both)).toThrow(
      /VESPER_PASSWORD and VESPER_PASSWORD_FILE are both set.*DATABASE_URL_FILE is .* cannot be read/s,
    );
    expect(() => loadSettings(withSecretFiles({ VESPER_PORT_FILE: file }), FOLDER)).toThrow(
      /VESPER_PORT_FILE is not a setting/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test(".env.example documents every setting with its default, and nothing else", () => {
  const example = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");
  const documented = new Map(
    [...example.matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, key = "", value = ""]) => [key, value] as const),
  );
  const schemas = environmentSchema.properties as Record<string, { default?: string | number | boolean }>;
  expect([...documented.keys()].sort()).toEqual(Object.keys(schemas).sort());
  for (const [key, schema] of Object.entries(schemas)) {
    if (schema.default === undefined) continue;
    const shown = typeof schema.default === "boolean" ? (schema.default ? "1" : "0") : String(schema.default);
    expect([key, documented.get(key)]).toEqual([key, shown]);
  }
  // Uncommented as it stands, the file is valid but for the secrets left empty, which count as not set.
  const all = Object.fromEntries(documented);
  expect(loadSettings(all, FOLDER).port).toBe(3000);
  // Every line that is not a setting is a comment.
  for (const line of example.split("\n")) expect(line === "" || line.startsWith("#")).toBe(true);
});
