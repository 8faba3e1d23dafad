import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EnvironmentRule } from "../../src/config/environment.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { readAgent, refusal, written, revealed } from "./swarm-files.ts";

/** What is wrong with a group `a` of these lines, when PATH has those directories beside the file; and its hint. */
async function wrong(lines: string, ...path: string[]): Promise<[message: string, hint: string]> {
  const { directory, file } = written(`name = "s"\n[agents.a]\n${lines}`);
  mkdirSync(join(directory, "bin"));
  mkdirSync(join(directory, "bin", "folder"));
  writeFileSync(join(directory, "bin", "tool"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(directory, "bin", "text"), "", { mode: 0o644 });
  symlinkSync("tool", join(directory, "bin", "link"));
  symlinkSync("nowhere", join(directory, "bin", "dangling"));
  mkdirSync(join(directory, "sub", "own"));
  writeFileSync(join(directory, "sub", "own", "tool"), "#!/bin/sh\n", { mode: 0o755 });
  const absolute = path.map((each) => (each.startsWith("./") ? each : join(directory, each)));
  const search = path.length === 0 ? undefined : () => absolute.join(":");
  try {
    await readSwarmFile(file, { searchPath: search });
    return ["", ""];
  } catch {
    const { message, hint } = await refusal(readSwarmFile(file, { searchPath: search }));
    return [
      message.replaceAll(directory, "").replace("/swarm.toml", ""),
      hint!.replaceAll(directory, ""),
    ];
  }
}

describe("a program named by a path", () => {
  test("is relative to the swarm file, and may be anywhere", async () => {
    expect(await wrong('command = ["./bin/tool"]\ncwd = "sub"')).toEqual(["", ""]);
    expect(await wrong('command = ["bin/link"]')).toEqual(["", ""]);
    expect(await wrong('command = ["/bin/sh"]')).toEqual(["", ""]);
  });
  test("has to be there, to be a file, and to be executable", async () => {
    const chmod = "Allow it with chmod +x";
    for (const [program, message, hint] of [
      ["./nope.sh", "names /nope.sh, which is not there", "relative to the directory of the file"],
      ["./bin/dangling", "names /bin/dangling, which is not there", ""],
      ["/nope/nope", "names /nope/nope, which is not there", ""],
      ["./sub", "names /sub, which is not a file", ""],
      ["./plain.sh", "names /plain.sh, which may not be executed", chmod],
    ] as const) {
      const found = await wrong(`command = [${JSON.stringify(program)}]`);
      expect(found[0]).toBe(`:3: agents.a.command ${message}`);
      expect(found[1]).toContain(hint);
    }
  });
});

describe("a bare program", () => {
  test("is left to PATH where it is started", async () => {
    expect((await readAgent('command = ["sh"]')).command).toEqual(["sh"]);
    expect(await wrong('command = ["no-such-program"]')).toEqual(["", ""]);
  });
  test("is looked for on the PATH of the agent, when that is known", async () => {
    expect(await wrong('command = ["tool"]', "nowhere", "bin")).toEqual(["", ""]);
    expect(await wrong('command = ["link"]', "bin")).toEqual(["", ""]);
    for (const name of ["nope", "text", "folder", "dangling"])
      expect(await wrong(`command = ["${name}", "x"]`, "bin", "sub", "bin")).toEqual([
        `:3: agents.a.command names ${name}, which is in no directory of the agent's PATH`,
        "Looked in /bin, /sub.",
      ]);
  });
  test("is looked for from where the agent runs, when PATH is relative", async () => {
    expect(await wrong('command = ["tool"]\ncwd = "sub"', "./own")).toEqual(["", ""]);
    expect((await wrong('command = ["tool"]', "./own"))[1]).toBe("Looked in /own.");
  });
  test("that lies beside the swarm file gets a hint", async () => {
    expect((await wrong('command = ["worker.sh"]', "bin"))[1]).toBe(
      'There is one beside the swarm file: write "./worker.sh".',
    );
  });
  test("is looked for with the rules of its agent", async () => {
    const { file } = written('name = "s"\n[agents.a]\ncommand = ["sh"]\nenv = [{ PATH = "/x" }]');
    const asked: unknown[] = [];
    const searchPath = (env: readonly EnvironmentRule[]) => {
      asked.push(revealed(env));
      return "/bin";
    };
    await readSwarmFile(file, { searchPath });
    expect(asked).toEqual([[{ PATH: "/x" }]]);
  });
});

test("the programs of probes have to be there as well", async () => {
  const own = 'command = ["tool"]\n';
  for (const [key, line] of [
    ["ready", 'ready = { command = ["nope"] }'],
    ["live", 'live = { command = ["nope"] }'],
  ])
    expect(await wrong(own + line, "bin")).toEqual([
      `:4: agents.a.${key}.command names nope, which is in no directory of the agent's PATH`,
      "Looked in /bin.",
    ]);
});

test("directories and modules have to be there", async () => {
  const own = 'command = ["sh"]\n';
  for (const [lines, message] of [
    [`${own}cwd = "nope"`, ":4: agents.a.cwd names /nope, which is not there"],
    [`${own}cwd = "worker.sh"`, ":4: agents.a.cwd names /worker.sh, which is not a directory"],
    [
      'runner = "module"\nmodule = "nope.ts"',
      ":4: agents.a.module names /nope.ts, which is not there",
    ],
    ['runner = "module"\nmodule = "sub"', ":4: agents.a.module names /sub, which is not a file"],
  ] as const)
    expect((await wrong(lines))[0]).toBe(message);
});
