import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { type Server, type Socket, createServer } from "node:net";
import { dirname } from "node:path";
import { attachLine, attachPath, encoded } from "../../src/agents/attach-line.ts";
import { attach, runningAgent } from "../../src/agents/attach.ts";
import type { Agent } from "../../src/agents/registry.ts";
import { bytesOf } from "../../src/core/text.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

function agent(name: string, changes: Partial<Agent> = {}): Agent {
  const plain = { name, group: name, state: "ready", runner: "self", reason: null };
  return { ...plain, ...changes } as Agent;
}

describe("who can be attached to", () => {
  const crowd = ["w-1", "w-2", "w-3"].map((name) => agent(name, { group: "w" }));
  test("an agent that runs, in whichever state", () => {
    for (const state of ["starting", "ready", "busy", "paused", "suspect", "stopping"] as const)
      expect(runningAgent([agent("a", { state }), ...crowd], "a").state).toBe(state);
  });
  test("nobody else: the error says what to do", () => {
    const refused = (agents: Agent[], name: string) => {
      try {
        return runningAgent(agents, name);
      } catch (error) {
        return error;
      }
    };
    expect(refused(crowd, "w-4")).toMatchObject({
      code: "E_NOT_FOUND",
      message: "there is no agent w-4",
      hint: "Did you mean w-1?",
    });
    expect(refused([], "w-4")).toMatchObject({ hint: "skep ps lists the agents." });
    expect(refused(crowd, "w")).toMatchObject({
      code: "E_USAGE",
      message: "w is a group of 3 agents",
      hint: "Attach to one of them: w-1, w-2, w-3.",
    });
    const failed = agent("a", { state: "failed", reason: "sh exited with 1" });
    expect(refused([failed], "a")).toMatchObject({
      code: "E_NOT_FOUND",
      message: "a does not run; it is failed: sh exited with 1",
    });
  });
});

describe("without a host that answers", () => {
  test("one that runs has no terminal; one that starts may get one", async () => {
    const home = tempDir();
    for (const changes of [{}, { state: "busy" }, { runner: "exec", state: "starting" }] as const)
      expect(attach(home, agent("a", changes))).rejects.toMatchObject({
        code: "E_USAGE",
        message: "a has no terminal to attach to",
        hint: expect.stringContaining("terminal = true"),
      });
    expect(attach(home, agent("a", { state: "starting" }))).rejects.toMatchObject({
      code: "E_NOT_FOUND",
      message: "a does not run yet",
    });
  });
  test("a socket that nobody listens at is one of a host that is gone", async () => {
    const home = tempDir();
    const path = attachPath(home, "a");
    mkdirSync(dirname(path));
    // What a killed host leaves behind.
    const listen = `require("net").createServer().listen(${JSON.stringify(path)}, () => console.log("up"))`;
    const host = Bun.spawn([process.execPath, "-e", listen], { stdout: "pipe" });
    await host.stdout.getReader().read();
    host.kill("SIGKILL");
    await host.exited;
    expect(existsSync(path)).toBe(true);
    expect(attach(home, agent("a"))).rejects.toMatchObject({
      code: "E_NOT_FOUND",
      message: "the host of a does not answer (ECONNREFUSED)",
    });
  });
});

describe("attached", () => {
  test("what comes is shown in order, one piece after the other, and how it ended is told", async () => {
    const home = tempDir();
    const { socket } = await hostAt(home);
    const attached = await attach(home, agent("a"));
    const shown: string[] = [];
    attached.onOutput(async (bytes) => {
      await Bun.sleep(10);
      shown.push(Buffer.from(bytes).toString());
    });
    const host = await socket;
    for (const text of ["one", "two", "three"])
      host.write(attachLine({ output: encoded(bytesOf(text)) }));
    host.write("something else\n");
    host.write(attachLine({ ended: "exited with 3" }));
    host.end();
    expect(await attached.over).toBe("exited with 3");
    await waitUntil("all is shown", () => shown.length === 3);
    expect(shown).toEqual(["one", "two", "three"]);
  });
  test("a host that ends without a word leaves nothing to tell", async () => {
    const home = tempDir();
    const { socket } = await hostAt(home);
    const attached = await attach(home, agent("a"));
    attached.onOutput(async () => {});
    (await socket).destroy();
    expect(await attached.over).toBeUndefined();
  });
  test("what was typed arrives, also when one leaves at once; and a deaf host keeps nobody", async () => {
    const home = tempDir();
    const { socket } = await hostAt(home);
    const attached = await attach(home, agent("a"));
    let heard = "";
    attached.resize({ columns: 3, rows: 4 });
    attached.type(bytesOf("bye"));
    attached.leave();
    expect(await attached.over).toBeUndefined();
    (await socket).on("data", (chunk) => (heard += String(chunk)));
    const all = '{"size":{"columns":3,"rows":4}}\n{"keys":"Ynll"}\n';
    await waitUntil("all is there", () => heard === all);
  });
});

/** A host of the agent `a` that does nothing by itself. */
async function hostAt(home: string) {
  const path = attachPath(home, "a");
  mkdirSync(dirname(path), { recursive: true });
  const came = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    came.resolve(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { socket: came.promise };
}
