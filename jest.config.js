/** @type {import('jest').Config} */
export default {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "es6" } },
    ],
  },
  testMatch: ["<rootDir>/test/**/*.test.ts", "<rootDir>/scheduler/test/**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/data/"],
  globalSetup: "<rootDir>/test/support/prepare-postgres.mjs",
  testTimeout: 30_000,
  // One more than processors: many files wait for servers most of their time.
  maxWorkers: 3,
};
