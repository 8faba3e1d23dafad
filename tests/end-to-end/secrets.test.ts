// Secrets of a swarm: those who are to have them do, and nobody else gets to see them anywhere.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { readOrNothing } from "../agents/swarm-place.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { jsonLines } from "./json.ts";
import { type Place, places } from "./place.ts";

const place = places();

const secrets = {
  byFile: "s3cret-set-in-the-swarm-file",
  byName: "s3cret-passed-on-by-name",
  unlisted: "s3cret-that-nobody-lists",
};

const swarm = `name = "vault"
[agents.keeper]
command = ["sh", "-c", "read line; printf '%s\\\\n' \\"$line\\" >/dev/null; sleep 600"]
env = ["PATH", "API_KEY", { PASSWORD = "${secrets.byFile}" }]
[agents.guest]
command = ["sh", "-c", "sleep 600"]
[agents.strict]
command = ["sh", "-c", "sleep 600"]
env = [{ BUN_INSPECT = "mine" }, "PATH"]
`;

/** Everything that processes of `home` show of themselves: their command lines, and their environments apart. */
function processesOf(home: string) {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      // In this order: one that is just becoming another program has its words no sooner than its environment.
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const isOurs = environment.includes(`SKEP_HOME=${home}`) || line.includes(home);
      return isOurs ? [{ pid: Number(pid), line, environment }] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** What all files hold; nothing of one that goes meanwhile, as a write-ahead log does. */
function bytesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) =>
    readOrNothing(join(directory, name)),
  );
}

test.skipIf(lacks("sleep"))(
  "secrets reach the programs that list them, and stand in no log, database, command line or error",
  async () => {
    const at: Place = place();
    const { home, cwd, skep } = at;
    writeFileSync(join(cwd, "vault.toml"), swarm);
    writeFileSync(
      join(cwd, "vault.env"),
      `API_KEY=${secrets.byName}\nOTHER_KEY=${secrets.unlisted}\n`,
    );
    const env = {
      BUN_CONFIG_MAX_HTTP_REQUESTS: "7",
      NODE_OPTIONS: "--no-warnings",
      BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
    };
    const up = at.start(["up", "vault.toml", "--env-file", "vault.env"], { env });

    const programOf = async (name: string) => {
      const named = () =>
        processesOf(home).find(
          ({ line, environment }) =>
            line.includes("sleep 600") && environment.includes(`SKEP_AGENT=${name}`),
        );
      // At a second look it may just be becoming another program, and show nothing.
      return (await waitUntil(`the program of ${name} runs`, named)).environment;
    };
    const [keeper, guest, strict] = [
      await programOf("keeper"),
      await programOf("guest"),
      await programOf("strict"),
    ];
    expect(keeper).toContain(`API_KEY=${secrets.byName}`);
    expect(keeper).toContain(`PASSWORD=${secrets.byFile}`);
    for (const secret of Object.values(secrets))
      for (const environment of [guest, strict])
        expect(environment.join("\n")).not.toContain(secret);
    expect(keeper.join("\n")).not.toContain(secrets.unlisted);
    // What changes runtimes reaches an agent only where the file sets it.
    const changing = (environment: string[]) =>
      environment.filter((one) => /^(BUN_|NODE_OPTIONS)/.test(one));
    expect([changing(keeper), changing(guest), changing(strict)]).toEqual([
      [],
      [],
      ["BUN_INSPECT=mine"],
    ]);

    const told: string[] = [];
    for (const words of [
      ["ps", "--json"],
      ["status", "--json"],
      ["health", "--json"],
      ["logs"],
      ["up", "vault.toml", "--check", "--json"],
      ["config", "show"],
      ["config", "check", "vault.toml"],
      ["sql", "select * from agents", "--json"],
      ["sql", "select * from runs", "--json"],
    ])
      for (const debug of [{}, { SKEP_DEBUG: "1" }]) {
        const { stdout, stderr } = await skep([...words, "--env-file", "vault.env"], {
          env: debug,
        });
        told.push(stdout, stderr);
      }
    const tokens = processesOf(home).flatMap(({ environment }) =>
      environment.filter((one) => one.startsWith("SKEP_TOKEN=")).map((one) => one.slice(11)),
    );
    expect(new Set(tokens).size).toBe(3);
    // Somebody with a wrong token is told so, and not what it was.
    const stranger = { env: { SKEP_AGENT: "keeper", SKEP_TOKEN: "s3cret-of-a-stranger" } };
    const refused = await skep(["recv", "keeper", "--json"], stranger);
    expect(refused.status).toBe(4);
    told.push(refused.stderr);
    // And so is whoever has written a file wrong.
    const wrong = swarm.replace("command", "comand").replace("}]", ", 'A B' = 5 }]");
    writeFileSync(join(cwd, "wrong.toml"), wrong);
    for (const words of [
      ["up", "wrong.toml", "--check"],
      ["config", "check", "wrong.toml", "--json"],
    ]) {
      const { status, stderr } = await skep(words);
      expect(status).toBe(2);
      told.push(stderr);
    }

    const places = {
      told: told.join("\n"),
      lines: processesOf(home)
        .map(({ line }) => line)
        .join("\n"),
      home: bytesBelow(home).join("\n"),
    };
    expect(places.lines).toContain("supervise");
    for (const secret of [...Object.values(secrets), ...tokens, "s3cret-of-a-stranger"])
      for (const [where, text] of Object.entries(places))
        expect([where, text.includes(secret)]).toEqual([where, false]);
    expect(jsonLines(told[0]!).length).toBe(3);
    expect((await skep(["down", "--timeout", "1s"])).status).toBe(0);
    const { stdout, stderr } = await up.ended;
    for (const secret of [...Object.values(secrets), ...tokens])
      expect([...bytesBelow(home), stdout, stderr].join("\n")).not.toContain(secret);
    expect(at.traces()).toEqual([]);
  },
  600_000,
);

test("a hostile directory changes nothing: no .env and no bunfig.toml is read, with and without a home in it", async () => {
  const { skep, traces } = place();
  const env = { SKEP_STORE_BUSY_TIMEOUT: undefined };
  const shown = await skep(["config", "show", "--json"], { env });
  expect(shown.status).toBe(0);
  // Its .env says SKEP_BUS_INBOX_CAP=1 and SKEP_HOME.
  for (const { source } of jsonLines<{ source: string }>(shown.stdout))
    expect(source).toBe("default");
  const here = await skep(["config", "show", "--json"], { env: { ...env, SKEP_HOME: undefined } });
  expect(here.stdout).toBe(shown.stdout);
  // Where it is named it is read, and says what it says.
  const named = await skep(["config", "show", "--json", "--env-file", ".env"]);
  expect(jsonLines<{ setting: string }>(named.stdout)).toContainEqual(
    expect.objectContaining({ setting: "bus.inbox_cap", value: 1, name: "SKEP_BUS_INBOX_CAP" }),
  );
  expect(traces()).toEqual([]);
});
