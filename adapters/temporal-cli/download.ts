// Run as a process of its own by find.ts: `node download.ts cli|test-server FOLDER` has the Temporal SDK download one
// of its servers into FOLDER, starts it once to see that it runs, and exits 0.
import { TestWorkflowEnvironment } from "@temporalio/testing";

const [which, downloadDir] = process.argv.slice(2);
const executable = {
  type: "cached-download" as const,
  ...(downloadDir === undefined ? {} : { downloadDir }),
};
const server = { executable };
try {
  const env =
    which === "cli"
      ? await TestWorkflowEnvironment.createLocal({ server })
      : await TestWorkflowEnvironment.createTimeSkipping({ server });
  await env.teardown();
} catch (error) {
  // One line: the caller shows it inside a sentence.
  process.stderr.write(`${(error as Error).message.replaceAll("\n", " ")}\n`);
  process.exit(1);
}
