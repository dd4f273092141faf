import path from "node:path";
import { existsSync } from "node:fs";
import { Command, CommanderError } from "commander";

/** A `.env` beside package.json is read when there is one; what the environment says wins over it. */
const dotenv = path.join(import.meta.dirname, "..", ".env");
if (existsSync(dotenv)) process.loadEnvFile(dotenv);

let exitCode = 0;
const program = new Command("vesper")
  .description("Runs a robotic observatory.")
  .exitOverride()
  .showHelpAfterError("(vesper --help lists the commands)");

/** Adds a command. Its module is loaded only when it is asked for, so that each starts fast and alone. */
function add(usage: string, description: string, action: (...args: never[]) => Promise<number>): Command {
  return program
    .command(usage)
    .description(description)
    .action(async (...args: unknown[]) => {
      exitCode = await action(...(args as never[]));
    });
}

/** Adds a command that reads its own arguments: `xCommand` of `commands/x.ts`. */
function addRaw(name: string, description: string, usage: string): void {
  add(`${name} [arguments...]`, description, async (args: string[]) => {
    if (args.includes("--help") || args.includes("-h")) {
      console.log(`vesper ${name} ${usage}\n\n${description}`);
      return 0;
    }
    const module = (await import(`./commands/${name}.ts`)) as Record<
      string,
      (args: string[]) => Promise<number>
    >;
    const run = module[`${name}Command`];
    if (run === undefined) throw new Error(`bin/commands/${name}.ts has no ${name}Command`);
    return run(args);
  })
    .allowUnknownOption()
    .helpOption(false);
}

add("up", "start everything and keep it running", async (options: { fresh?: boolean; yes?: boolean }) => {
  const { upCommand } = await import("./commands/up.ts");
  return upCommand({ fresh: options.fresh === true, yes: options.yes === true });
})
  .option("--fresh", "remove everything Vesper keeps first (asks)")
  .option("--yes", "do not ask");

add("check", "print whether everything needed is here", async () =>
  (await import("./commands/check.ts")).checkCommand(),
);
add("migrate", "bring the database to the newest shape", async () =>
  (await import("./commands/migrate.ts")).migrateCommand(),
);
add(
  "prepare",
  "make database, clock and Temporal namespace ready for parts that are run one by one",
  async () => (await import("./commands/prepare.ts")).prepareCommand(),
);
add("seed", "fill an empty database with the demonstration", async () =>
  (await import("./commands/seed.ts")).seedCommand(),
);
add("api", "serve the web pages and the API", async () => (await import("./commands/api.ts")).apiCommand());
add(
  "worker [queues...]",
  "run workers: control, site, compute, feeds (all without a name)",
  async (groups: string[]) => (await import("./commands/worker.ts")).workerCommand(groups),
);
add("backup", "back everything up while it runs", async (options: { to?: string; keep?: string }) =>
  (await import("./commands/backup.ts")).backupCommand(options),
)
  .option("--to <folder>", "folder that holds the backups (VESPER_HOME/backups)")
  .option("--keep <n>", "remove all but the newest n backups afterwards");
add(
  "restore <folder>",
  "put a backup back, and say what is lost",
  async (folder: string, options: { replace?: boolean; withoutWorkflows?: boolean; check?: boolean }) =>
    (await import("./commands/restore.ts")).restoreCommand(folder, {
      replace: options.replace === true,
      withoutWorkflows: options.withoutWorkflows === true,
      check: options.check === true,
    }),
)
  .option("--replace", "set aside what is in VESPER_HOME; an external database is emptied for good")
  .option("--without-workflows", "leave Temporal's state out: workflows start anew from the rows")
  .option("--check", "only look whether every file of the backup is whole");
add("data-model", "write docs/data.md from the tables that the code describes", async () =>
  (await import("./commands/data-model.ts")).dataModelCommand(),
);
add("guard", "run the guard, which closes the dome when nobody else would", async () =>
  (await import("./commands/guard.ts")).guardCommand(),
);
add("token", "print a new API token", async (options: { user: string; days: string }) =>
  (await import("./commands/token.ts")).tokenCommand(options),
)
  .requiredOption("--user <user>", "mail address or id of the user it acts for")
  .option("--days <days>", "days it is valid", "90");
add("replay <path>", "replay stored workflow histories on the present code", async (file: string) =>
  (await import("./commands/replay.ts")).replayCommand(file),
);

const user = program.command("user").description("users of a real site");
user
  .command("add <mail>")
  .description("add a user and print a one-time password")
  .requiredOption("--profile <profile>", "user, expert, operator or admin")
  .option("--name <name>", "name of the person")
  .action(async (mail: string, options: { profile: string; name?: string }) => {
    exitCode = await (await import("./commands/user-add.ts")).userAddCommand(mail, options);
  });

addRaw("simulators", "run the simulated devices alone", "");
addRaw(
  "sim",
  "weather and faults of the simulated devices",
  "weather|fault|alarm|partner|clear|log ... (without arguments: all of them)",
);
addRaw("night", "almanac of a night at a site, as JSON", "--lat DEG --lon DEG --height M --date YYYY-MM-DD");
addRaw(
  "altaz",
  "where a place in the sky stands, as JSON",
  "--lat DEG --lon DEG --height M --ra DEG --dec DEG --time ISO",
);
addRaw(
  "plan",
  "plan a scheduling problem from a file",
  "INSTANCE.json [-o ANSWER.json] [--policy value|strict] [--budget-ms N | --iterations N] [--seed N], or vesper plan --schedule ID",
);
addRaw("decide", "what would be done with a notice", "FILE... [--site FILE] [--strategies FOLDER]");
addRaw("reduce", "calibrate images", "--raw DIR --out DIR");

try {
  await program.parseAsync();
} catch (error) {
  exitCode = told(error);
}
// Connections that are still open must not keep a command alive that has said all it had to say.
process.exit(exitCode);

/** Tells a person about an error; @returns the exit code. */
function told(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (!(error instanceof Error)) console.error(error);
  // A person gets the sentence, the log of a part also where it came from.
  else console.error(process.env["VESPER_SUPERVISED"] === "1" ? error.stack : error.message);
  return 1;
}
