// npm leaves optional packages of other platforms out of package-lock.json when the registry at hand does not have
// them; `npm ci` then refuses the file everywhere. This adds them again, with the platform their name tells, so that
// each machine installs its own and passes over the rest: `node .ci/complete-lock.mjs` after every `npm install`.
// With --check it changes nothing and exits 1 when something is missing.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));

const OS = [
  "android",
  "darwin",
  "freebsd",
  "linux",
  "openharmony",
  "openbsd",
  "netbsd",
  "sunos",
  "aix",
  "win32",
];
const CPU = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

/** os, cpu and C library in a name such as `@swc/core-linux-arm64-musl`; null when it names no platform. */
function platformOf(name) {
  const parts = name.split("/").at(-1).split("-");
  const os = OS.find((each) => parts.includes(each));
  const cpu = CPU.find((each) => parts.includes(each));
  if (os === undefined || cpu === undefined) return null;
  const libc = parts.at(-1).startsWith("musl")
    ? "musl"
    : parts.at(-1).startsWith("gnu")
      ? "glibc"
      : undefined;
  return { cpu: [cpu], ...(os === "linux" && libc ? { libc: [libc] } : {}), os: [os] };
}

const added = [];
for (const [where, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${where}/node_modules/${name}`;
    const top = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[top]) continue;
    const platform = platformOf(name);
    if (platform === null || !/^\d+\.\d+\.\d+/.test(version)) continue;
    const dev = entry.dev ? { dev: true } : entry.devOptional ? { devOptional: true } : {};
    lock.packages[top] = { version, ...dev, ...platform, optional: true };
    added.push(`${name}@${version}`);
  }
}
const checkOnly = process.argv.includes("--check");
if (added.length > 0 && !checkOnly) {
  const [root, ...rest] = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries([root, ...rest]);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
process.stdout.write(
  added.length === 0 ? "package-lock.json is complete\n" : `added:\n${added.join("\n")}\n`,
);
