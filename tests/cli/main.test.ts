import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { door, doorScript, openDoor } from "../helpers/door.ts";
import { lacks } from "../helpers/programs.ts";
import { tempDir } from "../helpers/temp-dir.ts";

// Every test here starts processes, and the machine may be busy with others.
setDefaultTimeout(240_000);

describe("finding the command", () => {
  test("no command, --help and help show every command under its heading, and nothing internal", async () => {
    for (const words of [[], ["--help"], ["help"], ["-q", "-h"]]) {
      const { status, stdout, stderr } = await door(words);
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^Toys:\n {2}echo .*print the values of its arguments$/m);
      expect(stdout).not.toMatch(/hidden|broken/);
    }
  });
  test("help COMMAND and COMMAND --help say the same", async () => {
    const [one, other] = await Promise.all([door(["help", "echo"]), door(["echo", "--help"])]);
    expect(one).toEqual(other);
    expect(one.status).toBe(0);
    expect(one.stdout).toContain("Usage: skep echo FIRST [REST...] [FLAGS]");
    expect(one.stdout).toMatch(/--on-full wait\|fail +which \(default wait\)/);
  });
  test("help is shown even when other words are wrong, but not for a word after --", async () => {
    expect((await door(["echo", "--nope", "-h"])).stdout).toContain("Usage: skep echo");
    expect((await door(["echo", "--", "--help"])).stdout).toContain('"first":"--help"');
  });
  test("help exit lists the exit statuses", async () => {
    expect((await door(["help", "exit"])).stdout).toMatch(/^ {2}5 +a stale receipt$/m);
  });
  test("--version and version say which skep this is", async () => {
    const { stdout } = await door(["--version"]);
    expect(stdout).toMatch(/^skep \d+\.\d+\.\d+ \(bun \d/);
    expect((await door(["version"])).stdout).toBe(stdout);
    expect(JSON.parse((await door(["--json", "--version"])).stdout)).toMatchObject({
      version: stdout.split(" ")[1],
    });
  });
  test("--version does not stand for a command that is named", async () => {
    expect(await door(["--version", "echo", "x"])).toMatchObject({ status: 2, stdout: "" });
  });
  test("an unknown command is a usage error with a guess, whatever its name", async () => {
    expect(await door(["ehco", "x"])).toEqual({
      status: 2,
      stdout: "",
      stderr: 'skep: there is no command "ehco"\n  Did you mean echo?\n',
    });
    for (const name of ["constructor", "__proto__", "toString", ""])
      expect((await door([name])).stderr).toContain("there is no command");
    expect((await door(["help", "ehco"])).status).toBe(2);
    expect((await door(["hiddne"])).stderr).not.toContain("hidden");
  });
  test("flags of every command may stand before the command too", async () => {
    const { stdout } = await door(["--as", "a1", "-q", "echo", "x", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ as: "a1", quiet: true, json: true });
  });
  test("unknown flags before the command are refused", async () => {
    expect((await door(["--jsn", "echo", "x"])).stderr).toContain("Did you mean --json?");
  });
});

describe("errors", () => {
  test("a refusal is one sentence and what to do, safe for a terminal, with its exit status", async () => {
    expect(await door(["fail", "refused"])).toEqual({
      status: 4,
      stdout: "",
      stderr: "skep: a1 is full\\u001b[2J\n  Wait.\n",
    });
  });
  test("with --json it is one line of JSON, with null where there is nothing", async () => {
    const refused = await door(["fail", "refused", "--json"]);
    expect(refused.status).toBe(4);
    expect(refused.stderr).toEndWith("\n");
    expect(JSON.parse(refused.stderr)).toEqual({
      error: {
        code: "E_FULL",
        message: "a1 is full\u001b[2J",
        hint: "Wait.",
        retry_after_ms: 120,
      },
    });
    const unknown = await door(["fail", "--nope", "--json"]);
    expect(JSON.parse(unknown.stderr)).toMatchObject({
      error: { code: "E_USAGE", retry_after_ms: null },
    });
  });
  test("--json after -- is only a word", async () => {
    expect((await door(["fail", "refused", "x", "--", "--json"])).stderr).toStartWith("skep: ");
  });
  test("a bug is one line without a stack trace, and status 1", async () => {
    const { status, stderr } = await door(["fail", "bug"]);
    expect(status).toBe(1);
    expect(stderr).toStartWith("skep: this is a bug: undefined is not a function\n  ");
    expect(stderr).not.toMatch(/at .*door\.ts/);
    expect((await door(["fail", "text"])).stderr).toStartWith("skep: this is a bug: just a text\n");
    expect((await door(["broken"])).stderr).toStartWith("skep: this is a bug: ");
  });
  test("SKEP_DEBUG shows where it happened", async () => {
    const { stderr } = await door(["fail", "bug"], { env: { SKEP_DEBUG: "1" } });
    expect(stderr).toMatch(/at .*door\.ts/);
    expect(stderr).toContain("skep: this is a bug: ");
  });
  test("what is thrown where nobody waits for it ends the same way", async () => {
    for (const how of ["later", "rejection"]) {
      const { status, stderr } = await door(["fail", how]);
      expect([how, status]).toEqual([how, 1]);
      expect(stderr).toStartWith("skep: this is a bug: ");
      expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    }
  });
  test.skipIf(lacks("script"))("colour is for terminals only, and not with NO_COLOR", async () => {
    expect((await door(["nope"])).stderr).not.toContain("\u001b");
    expect(await onTerminal({})).toContain("\u001b[31mskep:\u001b[0m");
    expect(await onTerminal({ NO_COLOR: "1" })).toContain("skep: there is no command");
    expect(await onTerminal({ NO_COLOR: "1" })).not.toContain("\u001b");
    expect(await onTerminal({ TERM: "dumb" })).not.toContain("\u001b");
  });
});

describe("signals", () => {
  test("a command that waits is told, ends in its own time, and the status says which signal it was", async () => {
    for (const [name, status] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", 129],
    ] as const)
      expect(await signalled("return", name)).toEqual({
        status,
        stdout: "waiting\nheard\n",
        stderr: "",
      });
  });
  test("that it found nothing because of the signal is not worth a word", async () => {
    for (const answer of ["refuse", "lock"])
      expect(await signalled(answer, "SIGTERM")).toMatchObject({ status: 143, stderr: "" });
  });
  test("that something goes on without it is, and the status says which signal it was all the same", async () => {
    const stderr = "skep: it goes on\n  Look.\n";
    expect(await signalled("leave", "SIGINT")).toMatchObject({ status: 130, stderr });
  });
  test("a status the command chose itself stands", async () => {
    expect(await signalled("insist", "SIGINT")).toMatchObject({ status: 4 });
  });
  test("the second signal ends a command that does not end itself", async () => {
    expect(await signalled("ignore", "SIGINT", "SIGTERM")).toMatchObject({ status: 130 });
  });
  test("a command that asks for the second signal gets it, and the third ends it", async () => {
    expect(await signalled("urgent", "SIGINT", "SIGINT", "SIGINT")).toMatchObject({
      status: 130,
      stdout: "waiting\nheard\nhurrying\n",
    });
  });
  test("a command that never asked is ended by the kernel, full pipe or not", async () => {
    const child = openDoor(["print", "--lines", "100000"]);
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGTERM");
    await child.exited;
    expect(child.signalCode).toBe("SIGTERM");
  });
});

describe("the context", () => {
  test("the name to act under is --as, else SKEP_AGENT, and has to be a name", async () => {
    const env = { SKEP_AGENT: "a2", SKEP_TOKEN: "t" };
    expect(JSON.parse((await door(["echo", "x"], { env })).stdout)).toMatchObject({
      as: "a2",
      // It shows itself to nobody.
      token: "(secret)",
    });
    const named = await door(["echo", "x", "--as", "a1"], { env });
    expect(JSON.parse(named.stdout)).toMatchObject({ as: "a1" });
    expect((await door(["echo", "x", "--as", "../a"])).status).toBe(2);
  });
  test("a command without a home is told how to get one", async () => {
    const { status, stderr } = await door(["where"], { cwd: tempDir() });
    expect(status).toBe(3);
    expect(stderr).toContain("skep init");
  });
  test("home and settings come from the nearest .skep upwards and its skep.toml", async () => {
    const root = tempDir();
    mkdirSync(join(root, ".skep"));
    mkdirSync(join(root, "below"));
    writeFileSync(join(root, ".skep", "skep.toml"), 'bus.lease = "30s"\n');
    const cwd = join(root, "below");
    expect(JSON.parse((await door(["where"], { cwd })).stdout)).toEqual({
      home: join(root, ".skep"),
      leaseMs: 30_000,
    });
    const env = { SKEP_BUS_LEASE: "5s", SKEP_HOME: "other" };
    expect(JSON.parse((await door(["where"], { cwd, env })).stdout)).toEqual({
      home: join(cwd, "other"),
      leaseMs: 5_000,
    });
  });
  test("a command that makes homes names the place without making it", async () => {
    const cwd = tempDir();
    expect((await door(["make"], { cwd })).stdout).toBe(`${join(cwd, ".skep")}\n`);
  });
  test("comments go to standard error, safe for a terminal, and only errors with --quiet", async () => {
    const { stdout, stderr } = await door(["comment"]);
    expect(stdout).toBe("");
    expect(stderr).toBe("at work\\u0007\nwarning: it is late\nerror: it broke\n");
    expect((await door(["comment", "-q"])).stderr).toBe("error: it broke\n");
  });
});

async function signalled(answer: string, ...signals: NodeJS.Signals[]) {
  const child = openDoor(["wait", answer]);
  let stdout = "";
  const ended = child.stderr.text();
  for await (const chunk of child.stdout) {
    stdout += Buffer.from(chunk).toString();
    // One signal for each thing it says: it is listening by then.
    for (const signal of signals.splice(0, 1)) child.kill(signal);
  }
  await child.exited;
  return { status: child.exitCode, stdout, stderr: await ended };
}

async function onTerminal(env: Record<string, string>): Promise<string> {
  const { stdout } = await doorScript(
    `${Object.entries(env)
      .map(([name, value]) => `export ${name}=${value};`)
      .join(" ")} script -qec "$DOOR nope" /dev/null`,
  );
  return stdout;
}
