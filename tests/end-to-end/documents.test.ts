// What the README and the pages in docs/ show is done as it stands there, in their order, by the executable.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "bun:test";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { checkSettings } from "../../src/config/check.ts";
import { defaults } from "../../src/config/settings.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, type Running, patience, places } from "./place.ts";

const place = places();
const root = join(import.meta.dir, "..", "..");
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
].filter((path) => path.endsWith(".md"));

interface Block {
  language: string;
  lines: string[];
}

/** What `page` shows between fences, in order. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(\S*)\n(.*?)^```$/gms)].map(([, language, body]) => ({
    language: language!,
    lines: body!.trimEnd().split("\n"),
  }));
}

const isTranscript = ({ lines }: Block) => lines[0]!.startsWith("$ ");
const isSettings = ({ language, lines }: Block) => language === "toml" && lines[0] === "[bus]";
/** Some settings, as somebody may have chosen them. */
const isChoice = ({ language, lines }: Block) =>
  language === "toml" && /^\[(?!bus\])/.test(lines[0]!);
const isSwarm = ({ language, lines }: Block) =>
  language === "toml" && lines[0]!.startsWith("name = ");

test("every block of every page is of a kind that is tried here", () => {
  const known = (block: Block) =>
    ["sh", "mermaid"].includes(block.language) ||
    isTranscript(block) ||
    isSettings(block) ||
    isChoice(block) ||
    isSwarm(block) ||
    // What a program writes, and how the tree of the source looks; other tests see to both.
    block.language === "";
  expect(pages.flatMap(blocksOf).filter((block) => !known(block))).toEqual([]);
});

test("the settings in the documentation are all there are, with the values that hold without any", async () => {
  const [shown, ...others] = pages.flatMap(blocksOf).filter(isSettings);
  expect(others).toEqual([]);
  const bytes = Buffer.from(shown!.lines.join("\n"));
  const settings: object = await checkSettings(
    { file: "skep.toml", bytes },
    { variables: {}, flags: [] },
  );
  expect(settings).toEqual(defaults);
  // Rules are tables of their own, and without any there is none to show.
  const { alertRules: _, ...plain } = defaults;
  const keys = (settings: object) => Object.values(settings).flatMap(Object.keys).length;
  expect(shown!.lines.filter((line) => /^\w+ = /.test(line)).length).toBe(keys(plain));
});

test("whatever else can be set in the documentation fits", async () => {
  for (const { lines } of pages.flatMap(blocksOf).filter(isChoice)) {
    const source = { file: "skep.toml", bytes: Buffer.from(lines.join("\n")) };
    expect(await checkSettings(source, { variables: {}, flags: [] })).not.toEqual(defaults);
  }
});

test("the swarm files in the documentation are swarm files", async () => {
  const { cwd } = place();
  for (const [n, { lines }] of pages.flatMap(blocksOf).filter(isSwarm).entries()) {
    const file = join(cwd, `${n}.toml`);
    mkdirSync(join(cwd, "work"), { recursive: true });
    for (const program of ["oracle.ts", "reader.py"]) writeFileSync(join(cwd, program), "");
    writeFileSync(file, lines.join("\n"));
    const swarm = await readSwarmFile(file);
    expect(swarm.agents.length).toBeGreaterThan(0);
  }
});

describe.each(pages)("%s", (page) => {
  test.skipIf(lacks("sqlite3"))(
    "its commands do what it says (wants sqlite3)",
    async () => {
      const desk = sitDown();
      for (const block of blocksOf(page)) {
        if (isSwarm(block)) await desk.write(block);
        else if (isTranscript(block)) await desk.repeat(block);
        else if (block.language === "sh") await desk.run(block);
      }
      await desk.leave();
    },
    900_000,
  );
});

/** A directory with a home in use, and somebody who types what a page shows. */
function sitDown() {
  const at = place();
  const scripts = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts as object;
  let scene: Promise<void> | undefined;
  let up: Running | undefined;
  const receipts = new Map<string, string>();

  const once = async (line: string) => {
    const words = [...receipts].reduce((text, [shown, real]) => text.replaceAll(shown, real), line);
    const child = Bun.spawn(["sh", "-c", words], { ...desktop(at), stdin: "ignore" });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { line, status: await child.exited, stdout, stderr };
  };
  // Whoever opens a database or closes it holds it alone for a moment, for which sqlite3 does not wait unless told to.
  const shell = (line: string) =>
    waitUntil(`${line} finds it unlocked`, async () => {
      const ended = await once(line);
      const locked = line.startsWith("sqlite3 ") && ended.stderr.includes("database is locked");
      return !locked && ended;
    });

  return {
    /** Puts a swarm file where the commands after it look for it. */
    async write({ lines }: Block) {
      const name = /"(.*)"/.exec(lines[0]!)![1]!;
      writeFileSync(join(at.cwd, `${name}.toml`), lines.join("\n"));
    },

    /** Runs each line to its end, `skep up` until all its agents are ready. */
    async run({ lines }: Block) {
      for (const line of lines.filter((one) => one.trim() !== "" && !one.startsWith("#"))) {
        const script = /^npm (?:run )?(\w+)/.exec(line)?.[1];
        if (script !== undefined) {
          expect(Object.keys(scripts)).toContain(script);
          continue;
        }
        scene ??= setTheScene(at);
        await scene;
        if (line.startsWith("skep up ") && !line.includes("--check")) {
          up = at.start(line.split(" #")[0]!.trim().split(/\s+/).slice(1), desktop(at));
          await untilReady(at);
        } else {
          const ended = await shell(line);
          const status = isOnlyShort(ended) ? 8 : statusIn(line);
          expect(ended).toMatchObject({ line, status });
        }
      }
    },

    /** Types what stands behind each `$`, and compares what comes with what stands below it. */
    async repeat({ lines }: Block) {
      // Its first lines say that the inbox is new, so nothing is there yet.
      await at.skep(["init"], desktop(at));
      for (let n = 0; n < lines.length;) {
        const command = lines[n++]!.slice(2);
        const shown: string[] = [];
        while (n < lines.length && !lines[n]!.startsWith("$ ")) shown.push(lines[n++]!);
        // It takes half a minute, and .ci/run does it.
        if (command.startsWith("npm ")) continue;
        const { stdout, status } = await shell(command);
        expect({ command, status }).toEqual({ command, status: statusIn(command) });
        const real = stdout === "" ? [] : stdout.trimEnd().split("\n");
        expect({ command, lines: real.map(lasting) }).toEqual({
          command,
          lines: shown.map(lasting),
        });
        shown.forEach((line, i) => learn(line, real[i]!));
      }
      scene = Promise.resolve();
    },

    async leave() {
      if (up === undefined) return;
      await at.skep(["down"], desktop(at));
      expect((await up.ended).status).toBe(0);
    },
  };

  function learn(shown: string, real: string): void {
    if (!shown.startsWith("{")) return;
    const { receipt } = JSON.parse(shown);
    if (receipt !== undefined) receipts.set(receipt, JSON.parse(real).receipt);
  }
}

/** What a command exits with, as the remark behind it says. */
function statusIn(line: string): number {
  return Number(/# .*exit (\d)/.exec(line)?.[1] ?? 0);
}

/** Whether a doctor finds nothing amiss but that this machine has too little of something, or too much to do. */
function isOnlyShort({ line, stdout }: { line: string; stdout: string }): boolean {
  if (!line.startsWith("skep doctor")) return false;
  const rows = stdout.split("\n");
  const advice = rows.flatMap((row, i) => (row.startsWith("fail ") ? [rows[i + 1]!.trim()] : []));
  const isShort = /^→ (Raise |Start fewer agents|Make room|.*on a quieter machine)/;
  return advice.length > 0 && advice.every((one) => isShort.test(one));
}

/** What of a line is the same whenever it is printed. */
function lasting(line: string): unknown {
  if (!line.startsWith("{")) return line.replace(/\d+/g, "N");
  const { receipt, sent_at, lease_until, ...rest } = JSON.parse(line);
  return { ...rest, keys: [receipt, sent_at, lease_until].map((value) => typeof value) };
}

// On a machine that has much else to do nobody is refused, suspect or killed for being late.
const unhurried = {
  ...patience,
  SKEP_BUS_REQUEST_TIMEOUT: "10m",
  SKEP_AGENTS_SUSPECT_AFTER: "1h",
  SKEP_AGENTS_STOP_GRACE: "1m",
  SKEP_GOVERNOR_MODE: "off",
};

/** The environment of somebody who has skep on PATH and works in the directory of `at`. */
function desktop({ cwd, tools, executable }: Place) {
  const PATH = [tools, join(executable, ".."), "/usr/bin", "/bin"].join(delimiter);
  const env = { PATH, HOME: cwd, SKEP_HOME: join(cwd, ".skep"), ...unhurried };
  return { cwd, env, stdout: "pipe", stderr: "pipe" } as const;
}

/** A home in which something has happened: messages wait, one was acked, one is a dead letter. */
async function setTheScene(at: Place): Promise<void> {
  const options = desktop(at);
  const skep = async (...words: string[]) => (await at.skep(words, options)).stdout;
  await skep("init");
  for (const body of ["one", "two", "three"]) await skep("--as", "ada", "send", "bob", body);
  await skep("recv", "bob", "--ack");
  for (const name of ["a1", "a2", "texts"]) await skep("send", name, "hello");
  await skep("metrics", "emit", "build.time", "812", "--unit", "ms");
}

async function untilReady(at: Place): Promise<void> {
  await waitUntil("all agents are ready", async () => {
    const { stdout } = await at.skep(["ps", "--json"], desktop(at));
    const agents = stdout.trim().split("\n").filter(Boolean);
    return agents.length > 0 && agents.every((line) => JSON.parse(line).state === "ready");
  });
}
