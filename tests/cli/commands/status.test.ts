import { expect, setDefaultTimeout, test } from "bun:test";
import { processState } from "../../../src/core/identity.ts";
import { lacks } from "../../helpers/programs.ts";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";
import { waitUntil } from "../../helpers/wait-until.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("a home without a swarm says so, and how its deliveries stand", async () => {
  const skep = newSkep();
  await skep(["send", "a1", "x"]);
  const { status, stdout } = await skep(["status"]);
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /: no swarm was ever started here\ndeliveries in 1 inbox: 1 ready, 0 delayed, 0 leased, 0 parked, 0 acked, 0 dead\n$/,
  );
  expect(JSON.parse((await skep(["status", "--json"])).stdout)).toMatchObject({
    home: expect.any(String),
    run: null,
    drain: null,
    agents: [],
    inboxes: 1,
    writer: null,
  });
});

test.skipIf(lacks("sqlite3") || process.platform !== "linux")(
  "whoever keeps the write lock is named, stopped or not (wants sqlite3)",
  async () => {
    const skep = newSkep();
    const env = { SKEP_HOME: tempDir() };
    await skep(["send", "a1", "x"], "", env);
    const holder = Bun.spawn(["sqlite3", `${env.SKEP_HOME}/bus.db`], {
      stdin: "pipe",
      stdout: "pipe",
    });
    await holder.stdin.write("begin immediate; select 'held';\n");
    await holder.stdin.flush();
    await holder.stdout.getReader().read();
    const { pid } = holder;
    const shown = async () => (await skep(["status"], "", env)).stdout.split("\n").at(-2);
    const line = `all writes wait for process ${pid} (sqlite3 ${env.SKEP_HOME}/bus.db`.slice(0, 60);
    expect(await shown()).toStartWith(line);
    holder.kill("SIGSTOP");
    await waitUntil("it is stopped", () => processState(pid)?.state === "T");
    expect(await shown()).toEndWith(", which is stopped");
    expect(JSON.parse((await skep(["status", "--json"], "", env)).stdout).writer).toMatchObject({
      pid,
      stopped: true,
    });
    holder.kill("SIGKILL");
    await holder.exited;
    expect(await shown()).toStartWith("deliveries in 1 inbox");
  },
);
