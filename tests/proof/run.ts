// Proves at length what the tests try in passing: `bun tests/proof/run.ts [NAME...] [--count N | --ops N] [--quick] [--seed N]`.
// A line each minute says how far it is, and one at the end of each proof what came of it. Exit 8 when a promise is broken.
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { skepExecutable } from "../helpers/executable.ts";
import { alarms } from "./alarms.ts";
import { calm } from "./calm.ts";
import { crashPoints } from "./crash-points.ts";
import { cuts } from "./cuts.ts";
import { deaths } from "./deaths.ts";
import { downs } from "./downs.ts";
import { failover } from "./failover.ts";
import { history } from "./history.ts";
import { kills } from "./kills.ts";
import { mutants } from "./mutants.ts";
import { pairs } from "./pairs.ts";
import type { Proof } from "./proof.ts";
import { randomOf } from "./random.ts";
import { simulation } from "./simulation.ts";

const proofs: readonly Proof[] = [
  kills,
  deaths,
  calm,
  alarms,
  downs,
  failover,
  crashPoints,
  cuts,
  pairs,
  history,
  simulation,
  mutants,
];

const usage = `usage: bun tests/proof/run.ts [NAME...] [--count N | --ops N] [--quick] [--seed N]
${proofs.map(({ name, summary, count, quick, unit }) => `  ${name.padEnd(12)}${summary}: ${count} ${unit}, quick ${quick}`).join("\n")}
  --count N   so many of each
  --ops N     so many calls, for the history
  --quick     few of each, to see that it holds at all
  --seed N    decide as that run did`;

const { values, positionals } = readWords();
if (values.help) refuse(0);
const count = numberOf(values.count ?? values.ops);
const seed = numberOf(values.seed) ?? Math.floor(Math.random() * 2 ** 32);
const chosen = proofs.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (positionals.some((word) => !proofs.some(({ name }) => name === word))) refuse(2);
// Only a history is made of calls.
if (values.ops !== undefined && (values.count !== undefined || chosen.some((p) => p !== history)))
  refuse(2);

for (const [signal, status] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(status));

const executable = await skepExecutable();
let broken = 0;
for (const proof of chosen) if (!(await prove(proof))) broken++;
process.exit(broken > 0 ? 8 : 0);

async function prove(proof: Proof): Promise<boolean> {
  const { name, unit } = proof;
  const many = count ?? (values.quick ? proof.quick : proof.count);
  const load = loadavg()[0]!.toFixed(1);
  const startMs = performance.now();
  const sinceS = () => Math.round((performance.now() - startMs) / 1_000);
  let now = "it starts";
  console.log(`${name}: ${many} ${unit}, seed ${seed}, load ${load}`);
  const telling = setInterval(() => console.log(`${name}: ${sinceS()} s: ${now}`), 60_000);
  const progress = (text: string) => void (now = text);
  const verdict = await proof.run({ count: many, random: randomOf(seed), executable, progress });
  clearInterval(telling);
  const { faults, figures } = verdict;
  for (const fault of faults.slice(0, 20)) console.log(`${name}: ${fault}`);
  if (faults.length > 20) console.log(`${name}: and ${faults.length - 20} more`);
  const outcome = faults.length === 0 ? "holds" : `BROKEN (${faults.length}), --seed ${seed}`;
  console.log(`${name}: ${outcome}: ${figures}; ${sinceS()} s`);
  return faults.length === 0;
}

function readWords() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        count: { type: "string" },
        ops: { type: "string" },
        seed: { type: "string" },
        quick: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch {
    return refuse(2);
  }
}

function numberOf(word: string | undefined): number | undefined {
  if (word !== undefined && !/^[1-9]\d*$/.test(word)) refuse(2);
  return word === undefined ? undefined : Number(word);
}

function refuse(status: number): never {
  console.error(usage);
  process.exit(status);
}
