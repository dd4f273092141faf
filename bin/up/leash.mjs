// Holds a program that knows nothing of us (PostgreSQL, Temporal) on a leash: started as
//   node leash.mjs STOP_SIGNAL GRACE_MS PROGRAM ARGUMENTS…
// it runs the program in its own process group and ends it when its standard input closes, that is when the
// supervisor is gone however it went, or when it gets SIGTERM or SIGINT itself. Its exit code is the program's.
import { spawn } from "node:child_process";

const [stopSignal, graceMs, program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });

let stopping = false;
function stop() {
  if (stopping) return;
  stopping = true;
  child.kill(stopSignal);
  setTimeout(() => process.kill(-process.pid, "SIGKILL"), Number(graceMs));
}

process.on("SIGTERM", stop);
process.on("SIGINT", stop);
process.on("SIGHUP", stop);
process.stdin.on("error", stop).on("end", stop).on("close", stop).resume();

child.on("error", (error) => {
  process.stderr.write(`${program} could not be started: ${error.message}\n`);
  process.exit(127);
});
child.on("exit", (code, signal) => {
  if (!stopping && signal !== null) process.stderr.write(`${program} was ended by ${signal}\n`);
  process.exit(code ?? 1);
});
