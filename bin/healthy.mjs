// `node bin/healthy.mjs URL`: for health checks of containers, which have no curl. Ends with 0 when the address answers
// well. Of the guard, which says when it last looked, that must be younger than a minute.
const LIMIT_MS = 5_000;
const OLDEST_LOOK_MS = 60_000;

try {
  const answer = await fetch(process.argv[2], { signal: AbortSignal.timeout(LIMIT_MS) });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  const text = await answer.text();
  if (answer.headers.get("content-type")?.includes("json")) {
    const { lastLoopWallAt } = JSON.parse(text);
    if (lastLoopWallAt !== undefined && Date.now() - lastLoopWallAt > OLDEST_LOOK_MS) {
      throw new Error(`last looked at ${new Date(lastLoopWallAt).toISOString()}`);
    }
  }
} catch (error) {
  process.stderr.write(`${process.argv[2]}: ${error.message}\n`);
  process.exitCode = 1;
}
