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
  testTimeout: 30_000,
  maxWorkers: 2,
};
