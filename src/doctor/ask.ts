// What another program answers, if it does in time.
import { launch, signalGroup } from "../agents/process.ts";
import { sleep } from "../core/clock.ts";

/** What `command` writes to its standard output until it ends; one that takes longer than `timeoutMs` is killed. E_FAILED when it cannot be started. */
export async function ask(
  command: readonly string[],
  env: Record<string, string>,
  timeoutMs: number,
): Promise<string> {
  let said = "";
  const child = await launch({
    command,
    cwd: "/",
    env,
    onStdout: (chunk) => void (said += Buffer.from(chunk).toString("utf8")),
    onStderr() {},
  });
  child.end();
  const ended = new AbortController();
  void sleep(timeoutMs, ended.signal).then(() => {
    if (!ended.signal.aborted) signalGroup(child, "SIGKILL");
  });
  await child.finished;
  ended.abort();
  return said;
}
