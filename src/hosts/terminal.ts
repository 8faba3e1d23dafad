// The program of an agent that has a terminal: people may attach to it and leave again, and it goes on.
import { attachPath } from "../agents/attach-line.ts";
import { describeExit } from "../agents/process.ts";
import { keepTail } from "../agents/tail.ts";
import { type TerminalChild, launchOnTerminal } from "../agents/terminal.ts";
import { terminalModes } from "../agents/terminal-modes.ts";
import { bytesOf } from "../core/text.ts";
import { cleanUpAfter } from "./program.ts";
import type { Host } from "./runner.ts";
import { type Viewers, openViewers } from "./viewers.ts";

// About two screens of text.
const shownBytesMax = 8_000;

/** Starts the agent's program on a terminal and notes that it runs; what it prints goes to the log and to whoever is attached. E_FAILED when it cannot be started. */
export async function startOnTerminal(host: Host): Promise<TerminalChild> {
  const { home, spec, env, log } = host;
  const modes = terminalModes();
  const shown = keepTail(shownBytesMax);
  let viewers: Viewers | undefined;
  const child = launchOnTerminal({
    command: spec.command!,
    cwd: spec.cwd,
    // Without it most programs that paint refuse to start.
    env: { TERM: "xterm-256color", ...env },
    onOutput(chunk) {
      log.append(chunk);
      modes.hear(chunk);
      shown.add(chunk);
      viewers?.show(chunk);
    },
  });
  cleanUpAfter(host, child);
  const catchUp = () => bytesOf(modes.enter() + (modes.fullScreen ? "" : plain(shown.bytes())));
  try {
    viewers = await openViewers(attachPath(home, spec.name), { terminal: child, catchUp });
  } catch (error) {
    log.append(`skep: nobody can attach to it: ${(error as Error).message}\n`);
  }
  void child.finished.then((exit) => viewers?.close(describeExit(exit)));
  host.started(child);
  return child;
}

/** What `bytes` say without what drives a terminal: an old question to it would be answered once more, into the program. */
function plain(bytes: Uint8Array): string {
  const text = Bun.stripANSI(Buffer.from(bytes).toString("utf8"));
  const whole = bytes.length < shownBytesMax ? text : text.slice(text.indexOf("\n") + 1);
  return whole.replace(/\p{Cc}/gu, (char) => ("\r\n\t\b".includes(char) ? char : ""));
}
