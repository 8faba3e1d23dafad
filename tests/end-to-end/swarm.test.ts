// A small swarm from up to down, as one person at two terminals sees it.
import { existsSync, writeFileSync } from "node:fs";
import { expect, setDefaultTimeout, test } from "bun:test";
import { exists } from "../agents/swarm-place.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Failure, failureIn, jsonLines } from "./json.ts";
import { type Place, type Running, places } from "./place.ts";

const place = places();
// Each of them waits several times for what may take long on a busy machine.
setDefaultTimeout(240_000);

const swarmFile = `
name = "toy"
[agents.loud]
command = ["sh", "-c", "tr a-z A-Z"]
runner = "exec"
inbox = "words"
count = 2
[agents.echo]
command = ["sh", "echo.sh"]
`;

// The `skep` on its PATH is the executable that runs the swarm, wherever that lies.
const echo = `
while line=$(skep recv --wait 1h); do
  receipt=\${line#*\\"receipt\\":\\"}
  skep ack "\${receipt%%\\"*}" --reply "$SKEP_AGENT heard" || exit 1
done
`;

interface Agent {
  name: string;
  state: string;
  runner: string;
  inbox: string;
  host_pid: number | null;
  program_pid: number | null;
}

test("init, up, ps, status, request and down play together, and nothing survives", async () => {
  const { skep, start, home } = at();
  const up = start(["up", "swarm.toml"]);
  await allReady(skep, 3, up);

  const ps = await skep(["ps"]);
  expect([ps.status, ps.stderr]).toEqual([0, ""]);
  expect(ps.stdout).toMatch(
    /^NAME +STATE +RUNNER +INBOX +HOST +PROGRAM +RESTARTS +SINCE +REASON\n/,
  );
  expect(ps.stdout).toMatch(/^loud-2 +\S+ +exec +words +\d+ +/m);
  const agents = await agentsOf(skep);
  expect(agents.map(({ name, runner, inbox }) => [name, runner, inbox])).toEqual([
    ["echo", "self", "echo"],
    ["loud-1", "exec", "words"],
    ["loud-2", "exec", "words"],
  ]);

  const status = JSON.parse((await skep(["status", "--json"])).stdout);
  expect(status).toMatchObject({
    home,
    run: { swarm: "toy", state: "running", guardian_pid: up.pid, alive: true },
    agents: agents.map(({ name }) => ({ name })),
  });
  expect((await skep(["status"])).stdout).toMatch(
    /: toy, run 1, running, started .* ago\nagents: 3 /,
  );

  const asked = await Promise.all(
    ["words", "echo"].map((to) => skep(["request", to, "hello", "--timeout", "3m"])),
  );
  expect(asked.map(({ stdout }) => jsonLines(stdout)[0]?.body)).toEqual(["HELLO", "echo heard"]);

  const down = await skep(["down", "--timeout", "10s", "--json"]);
  expect(down.status).toBe(0);
  const summary = JSON.parse(down.stdout);
  expect(summary).toMatchObject({
    run: 1,
    agents: { stopped: 3, failed: 0, dead: 0 },
    parked: 0,
    conservation: { in: 2, live: 0, ended: 2, holds: true },
    drain_ms: expect.any(Number),
  });
  const ended = await up.ended;
  expect(ended.status).toBe(0);
  expect(ended.stdout).toContain("2 in = 0 there + 2 ended: it adds up\n");
  expect(ended.stderr).toStartWith(`toy: starting 3 agents in ${home}\n`);
  for (const { host_pid, program_pid } of agents)
    for (const pid of [host_pid, program_pid]) if (pid !== null) expect(exists(pid)).toBe(false);
  expect((await agentsOf(skep)).map(({ state }) => state)).toEqual([
    "stopped",
    "stopped",
    "stopped",
  ]);
});

test("Ctrl-C drains: up ends with 130 once its agents are down, and the rest is parked for the next up", async () => {
  const { skep, start, path } = at(`
name = "slow"
[agents.nobody]
command = ["sh", "-c", "exec sleep 1000"]
inbox = "later"
`);
  const up = start(["up", path("swarm.toml")]);
  await allReady(skep, 1, up);
  expect((await skep(["send", "later", "1"])).status).toBe(0);
  up.kill("SIGINT");
  const { status, stderr } = await up.ended;
  expect(status).toBe(130);
  expect(stderr).toContain("slow: draining; once more skips the waiting\n");
  const parked = async () =>
    jsonLines<Record<string, number>>((await skep(["inboxes", "--json"])).stdout)
      .filter((line) => (line["inbox"] as unknown) === "later")
      .map(({ ready, parked }) => ({ ready, parked }));
  expect(await parked()).toEqual([{ ready: 0, parked: 1 }]);
  const again = start(["up", path("swarm.toml")]);
  await waitUntil("it is back", async () => (await parked())[0]?.ready === 1);
  await skep(["down"]);
  await again.ended;
});

test("under up the address book is closed, names are guarded, and there is one swarm to a home", async () => {
  const { skep, start, path } = at();
  writeFileSync(path("other.toml"), 'name = "other"\n[agents.a]\ncommand = ["true"]\n');
  const up = start(["up", "swarm.toml"]);
  await allReady(skep, 3, up);
  const refusals: [string[], number, Partial<Failure>][] = [
    [["send", "wrods", "x"], 3, { code: "E_NOT_FOUND", hint: "Did you mean words?" }],
    [["recv", "nobody"], 3, { code: "E_NOT_FOUND" }],
    [["send", "words", "x", "--as", "loud-1"], 4, { code: "E_IDENTITY" }],
    [["recv", "--as", "echo"], 4, { code: "E_IDENTITY" }],
    [["up", path("other.toml")], 4, { code: "E_RUNNING" }],
  ];
  for (const [words, status, error] of refusals) {
    const ended = await skep([...words, "--json"]);
    expect([words, ended.status, ended.stdout]).toEqual([words, status, ""]);
    expect(failureIn(ended.stderr.split("\n").slice(-2).join("\n"))).toMatchObject(error);
  }
  await skep(["down"]);
  await up.ended;
});

test("while the swarm drains, send and recv are refused for now with E_DRAINING", async () => {
  const { skep, start, path } = at(`
name = "stubborn"
[agents.one]
command = ["sh", "-c", "echo got > started; exec sleep 1000"]
runner = "exec"
`);
  const up = start(["up", path("swarm.toml"), "--set", "agents.drain_timeout=5m"]);
  await allReady(skep, 1, up);
  await skep(["send", "one", "work"]);
  await waitUntil("it works", () => existsSync(path("started")));
  up.kill("SIGTERM");
  const refused = await waitUntil("it drains", async () => {
    const { status, stderr } = await skep(["send", "one", "x", "--json"]);
    // Who waits for the lock for too long is refused with that status as well.
    return status === 4 && failureIn(stderr).code !== "E_BUSY" && failureIn(stderr);
  });
  expect(refused).toMatchObject({ code: "E_DRAINING", retry_after_ms: 1000 });
  expect(failureIn((await skep(["recv", "one", "--json"])).stderr).code).toBe("E_DRAINING");
  up.kill("SIGTERM");
  expect((await up.ended).status).toBe(143);
});

test("up exits 8 when an agent failed", async () => {
  // Started again it has failed only when it does so often enough within a minute.
  const once = 'command = ["sh", "-c", "exit 3"]\nrestart = "never"\n';
  const { skep } = at(`name = "sad"\n[agents.one]\n${once}`);
  const { status, stdout, stderr } = await skep(["up", "swarm.toml", "--json"]);
  expect(status).toBe(8);
  expect(JSON.parse(stdout)).toMatchObject({ agents: { stopped: 0, failed: 1, dead: 0 } });
  expect(stderr).toContain("one ");
});

test("a swarm file that is missing or wrong is a usage error that names the place", async () => {
  const { skep, path } = at();
  const files: [text: string | undefined, words: RegExp][] = [
    [undefined, /there is no file/],
    ["name = ", /swarm\.toml/],
    ['name = "x"\n[agents.one]\ncomand = ["sh"]\n', /comand.*\n.*Did you mean command\?/],
    ['name = "x"\n[agents.one]\ncommand = "sh x.sh"\n', /must be a list/],
  ];
  for (const [i, [text, words]] of files.entries()) {
    if (text !== undefined) writeFileSync(path(`${i}-swarm.toml`), text);
    const { status, stdout, stderr } = await skep(["up", path(`${i}-swarm.toml`)]);
    expect([i, status, stdout]).toEqual([i, 2, ""]);
    expect(stderr).toMatch(words);
  }
  const none = await skep(["down"]);
  expect([none.status, none.stderr]).toEqual([
    3,
    "skep: no swarm runs here\n  skep up FILE starts one.\n",
  ]);
  expect(await skep(["ps"])).toMatchObject({ status: 0, stdout: "" });
});

/** A place with `text` as its swarm file, where commands run. */
function at(text = swarmFile): Place {
  const here = place();
  writeFileSync(here.path("swarm.toml"), text);
  writeFileSync(here.path("echo.sh"), echo);
  const cwd = here.path("");
  return {
    ...here,
    start: (words, options): Running => here.start(words, { cwd, ...options }),
    skep: (words, options) => here.skep(words, { cwd, ...options }),
  };
}

async function agentsOf(skep: Place["skep"]): Promise<Agent[]> {
  return jsonLines<Agent>((await skep(["ps", "--json"])).stdout);
}

async function allReady(skep: Place["skep"], count: number, up: Running): Promise<unknown> {
  const ended = up.ended.then(({ stderr }) => {
    throw new Error(`up has ended: ${stderr}`);
  });
  const ready = waitUntil(`${count} agents are ready`, async () => {
    const agents = await agentsOf(skep);
    return agents.filter(({ state }) => state === "ready" || state === "busy").length === count;
  });
  return Promise.race([ready, ended]);
}
