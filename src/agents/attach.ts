// Attach: somebody's own terminal becomes one of those that an agent's program is seen and used through.
import { type Socket, connect } from "node:net";
import { SkepError } from "../core/errors.ts";
import { splitLines } from "../core/lines.ts";
import { didYouMean } from "../core/names.ts";
import {
  type Typed,
  attachLine,
  attachLineBytesMax,
  attachPath,
  decoded,
  encoded,
  shownOn,
} from "./attach-line.ts";
import { type Agent, hasEnded } from "./registry.ts";
import type { WindowSize } from "./terminal.ts";

export interface Attachment {
  /** Has `show` get what the program prints, the next piece when it has resolved; first what somebody needs who comes now. */
  onOutput(show: (bytes: Uint8Array) => Promise<void>): void;
  /** Types `bytes` into the agent's terminal. */
  type(bytes: Uint8Array): void;
  /** Says how large this terminal is. */
  resize(size: WindowSize): void;
  /** Resolves when it is over: with how the program ended; undefined when its host is gone without a word, or `leave` was called. */
  over: Promise<string | undefined>;
  leave(): void;
}

/** The one of `agents` called `name` that runs. E_NOT_FOUND when there is none; E_USAGE when that is the name of a group. */
export function runningAgent(agents: readonly Agent[], name: string): Agent {
  const agent = agents.find((one) => one.name === name);
  if (agent === undefined) throw unknown(agents, name);
  if (!hasEnded(agent.state)) return agent;
  const reason = agent.reason === null ? "" : `: ${agent.reason}`;
  throw new SkepError("E_NOT_FOUND", `${name} does not run; it is ${agent.state}${reason}`, {
    hint: `skep logs ${name} shows what it wrote, skep restart ${name} starts it again.`,
  });
}

/** Attaches to the terminal of `agent`, which runs. E_USAGE when it has none, E_NOT_FOUND when it is about to start, or its host is gone. */
export async function attach(home: string, agent: Agent): Promise<Attachment> {
  const socket = await reach(home, agent);
  const over = Promise.withResolvers<string | undefined>();
  let how: string | undefined;
  socket.once("close", () => over.resolve(how));
  const tell = (typed: Typed) => void socket.write(attachLine(typed));
  return {
    onOutput(show) {
      const lines = splitLines(attachLineBytesMax, (line) => {
        const shown = shownOn(line);
        if (shown === undefined) return;
        if ("ended" in shown) how = shown.ended;
        else {
          socket.pause();
          void show(decoded(shown.output)).then(() => socket.resume());
        }
      });
      socket.on("data", (chunk: Buffer) => lines.add(chunk));
    },
    type: (bytes) => tell({ keys: encoded(bytes) }),
    resize: (size) => tell({ size }),
    over: over.promise,
    leave() {
      // What was typed is sent; a host that does not listen keeps nobody.
      socket.end();
      over.resolve(undefined);
    },
  };
}

async function reach(home: string, agent: Agent): Promise<Socket> {
  const socket = connect(attachPath(home, agent.name));
  try {
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
  } catch (error) {
    throw unreachable(agent, error as NodeJS.ErrnoException);
  }
  socket.on("error", () => {});
  return socket;
}

function unreachable({ name, state, runner }: Agent, error: NodeJS.ErrnoException): SkepError {
  const { code = error.message } = error;
  const again = "skep ps says how it is; once it runs, try again.";
  if (code !== "ENOENT")
    return new SkepError("E_NOT_FOUND", `the host of ${name} does not answer (${code})`, {
      hint: again,
      cause: error,
    });
  if (runner === "self" && state === "starting")
    return new SkepError("E_NOT_FOUND", `${name} does not run yet`, { hint: again });
  return new SkepError("E_USAGE", `${name} has no terminal to attach to`, {
    hint: `skep logs -f ${name} shows what it writes. With terminal = true in the swarm file, and the runner self, it gets one.`,
  });
}

function unknown(agents: readonly Agent[], name: string): SkepError {
  const members = agents.filter(({ group }) => group === name);
  if (members.length > 0)
    return new SkepError("E_USAGE", `${name} is a group of ${members.length} agents`, {
      hint: `Attach to one of them: ${listed(members.map((member) => member.name))}.`,
    });
  const names = agents.map((agent) => agent.name);
  return new SkepError("E_NOT_FOUND", `there is no agent ${name}`, {
    hint: didYouMean(name, names) ?? "skep ps lists the agents.",
  });
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and so on` : names.join(", ");
}
