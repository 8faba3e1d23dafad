// Runs the census: `bun run.ts [DIR] [--json] [--home DIR] [--skep PATH] [--limit SECONDS]`. Exits with 0 when
// every identifier was counted and nothing is left behind, 8 when not, 2 for bad usage, 130 or 143 when told to stop.
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { changedFiles } from "./files.ts";
import { type Figures, readFigures } from "./figures.ts";
import { ask, endEarlier, piecesEnded, survivors, type SwarmOptions, up } from "./swarm.ts";
import { asJson, asTable, type Census } from "./table.ts";
import { judgeMessages, judgeWork } from "./verdict.ts";
import { lastWords, type Results, watch } from "./watch.ts";
import { find } from "./work.ts";

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
const goneWithinMs = 120_000;
const checkout = resolve(import.meta.dir, "../..");

const { options, limitMs, json } = readArguments();
const stop = new AbortController();
for (const signal of Object.keys(signalNumbers) as (keyof typeof signalNumbers)[])
  process.on(signal, () => {
    if (!stop.signal.aborted) say(`${signal}: ending the swarm`);
    stop.abort(signal);
  });

const census = await run();
if (stop.signal.aborted) {
  for (const fault of census.faults) say(fault);
  process.exitCode = 128 + signalNumbers[stop.signal.reason as keyof typeof signalNumbers];
} else {
  process.stdout.write(json ? `${JSON.stringify(asJson(census))}\n` : asTable(census));
  process.exitCode = census.faults.length === 0 ? 0 : 8;
}
if (process.exitCode === 8) say(`what the agents left is in ${options.work}`);
else rmSync(options.work, { recursive: true });

async function run(): Promise<Census> {
  const beganAt = Date.now();
  const faults: string[] = [];
  if (await endEarlier(options)) say("an earlier census still ran in this home, and was ended");
  const before = piecesEnded(await ask(options, "inboxes"));
  const swarm = up(options, before.acked);

  const results = await watch(options, swarm, before, limitMs, stop.signal).catch((error) => {
    if (!stop.signal.aborted) faults.push(error.message);
    return undefined;
  });
  const changed = results ? changedSince(beganAt, results) : [];
  if (results !== undefined) faults.push(...judgeWork(results, changed));

  const drainBegan = performance.now();
  const summary = await ask(options, "down", "--timeout", "10s");
  // Ctrl-C may come before there is a swarm that `down` could find.
  if (summary.length === 0) swarm.kill("SIGTERM");
  const drainMs = performance.now() - drainBegan;
  const code = await Promise.race([swarm.exited, after(goneWithinMs)]);
  if (code === undefined) {
    faults.push(
      `skep up still ran ${goneWithinMs / 1000} s after skep down: ${lastWords(options.work)}`,
    );
    swarm.kill("SIGKILL");
  } else if (code !== 0 && faults.length === 0)
    faults.push(`skep up ended with ${code}: ${lastWords(options.work)}`);

  const survived = survivors(options.run);
  if (survived) faults.push(`${survived} processes survived the swarm`);
  const figures = figuresOf(faults);
  if (figures !== undefined && !stop.signal.aborted) faults.push(...judgeMessages(figures));
  const { run, directory } = options;
  return { run, directory, results, figures, drainMs, survivors: survived, changed, faults };
}

function changedSince(beganAt: number, { plan, checked }: Results): string[] {
  const files = new Set([...plan.files, ...Object.keys(checked.counts)]);
  return changedFiles(options.directory, [...files], beganAt);
}

// The planner knows in which home it ran; skep itself chooses it when nobody names one.
function figuresOf(faults: string[]): Figures | undefined {
  const home = find(options.work, "plan")?.home;
  if (home === undefined) return undefined;
  try {
    return readFigures(join(home, "bus.db"), options.run);
  } catch (error) {
    faults.push(`bus.db cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

function readArguments(): { options: SwarmOptions; limitMs: number; json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        home: { type: "string" },
        skep: { type: "string", default: join(checkout, "dist", "skep") },
        limit: { type: "string", default: "300" },
      },
    });
    if (positionals.length > 1) throw new Error("more than one directory is named");
    const limitMs = Number(values.limit) * 1000;
    if (!(limitMs > 0)) throw new Error(`--limit ${values.limit}: not a number of seconds`);
    if (!existsSync(values.skep)) throw new Error(`there is no ${values.skep}: npm run build`);
    const directory = realpathSync(positionals[0] ?? checkout);
    // Without a directory of that name skep would look for a home further up.
    if (values.home === undefined)
      mkdirSync(join(checkout, ".skep"), { recursive: true, mode: 0o700 });
    const run = `${Date.now().toString(36)}-${process.pid}`;
    const options = {
      skep: realpathSync(values.skep),
      home: values.home === undefined ? undefined : resolve(values.home),
      checkout,
      run,
      directory,
      work: mkdtempSync(join(tmpdir(), `census-${run}-`)),
    };
    return { options, limitMs, json: values.json };
  } catch (error) {
    say((error as Error).message);
    say("usage: run.ts [DIR] [--json] [--home DIR] [--skep PATH] [--limit SECONDS]");
    process.exit(2);
  }
}

// Unlike Bun.sleep, this does not keep the driver waiting when the swarm has long been gone.
function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => void setTimeout(() => resolve(undefined), ms).unref());
}

function say(text: string): void {
  // On a terminal the line of progress may stand there.
  process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[2K" : ""}census: ${text}\n`);
}
