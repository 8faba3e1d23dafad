// Measures: `bun bench/run.ts [NAME...] [--rounds N] [--small] [--references DIR] [--json] [--write]`.
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { type Summary, summarise } from "./figure.ts";
import { alertPass } from "./alert-pass.ts";
import { alertsCome } from "./alerts-come.ts";
import { agentsFail } from "./agents-fail.ts";
import { agentsUp } from "./agents-up.ts";
import { crowdedTable } from "./crowded-table.ts";
import { crowd } from "./crowd.ts";
import { filesMoved } from "./files-moved.ts";
import { fourToFour } from "./four-to-four.ts";
import { describeMachine } from "./machine.ts";
import { oneProcess } from "./one-process.ts";
import { overload } from "./overload.ts";
import { publishing } from "./publish.ts";
import { spares } from "./spares.ts";
import { startUp } from "./start-up.ts";
import { wakeUp } from "./wake-up.ts";
import { metricsCostOfHundred, metricsCostOfOne } from "./metrics-cost.ts";
import { metricsReport } from "./metrics-report.ts";
import { metricsScrape } from "./metrics-scrape.ts";
import { killAll } from "./programs.ts";
import { defaultFolder, findReferences } from "./references.ts";
import { type Results, printTable, writeResults } from "./results.ts";

const benches: readonly Bench[] = [
  oneProcess,
  fourToFour,
  startUp,
  crowd,
  wakeUp,
  crowdedTable,
  publishing,
  overload,
  agentsUp,
  agentsFail,
  filesMoved,
  spares,
  metricsReport,
  alertPass,
  alertsCome,
  metricsScrape,
  metricsCostOfOne,
  metricsCostOfHundred,
];

const usage = `usage: bun bench/run.ts [NAME...] [--rounds N] [--small] [--references DIR] [--json] [--write]
${benches.map(({ name, summary }) => `  ${name.padEnd(16)}${summary}`).join("\n")}
  --rounds N        measure everything N times (5), ours and the reference in turn
  --small           tiny counts, to see that it runs: the figures mean nothing
  --references DIR  where raw.ts and bare.ts lie (../shared/bench beside the checkout)
  --json            print the figures as JSON
  --write           put the figures into bench/results.md`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    small: { type: "boolean", default: false },
    references: { type: "string", default: defaultFolder },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const strangers = positionals.filter((word) => !benches.some(({ name }) => name === word));
const rounds = Number(values.rounds);
if (values.help || strangers.length > 0 || !(Number.isInteger(rounds) && rounds > 0)) {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}

if (values.write && values.small) {
  console.error("figures of --small mean nothing; they are not written down");
  process.exit(2);
}

const say = (text: string) => console.error(`bench: ${text}`);
const references = findReferences(values.references, (path) =>
  say(`${path} is missing, so there is nothing to compare with: our own figures only`),
);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    killAll();
    process.exit(signal === "SIGINT" ? 130 : 143);
  });

const results: Results = { machine: describeMachine(), rounds, small: values.small, benches: [] };
try {
  for (const bench of benches) {
    if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
    say(`${bench.name}: ${bench.summary}`);
    const options = { rounds, small: values.small, references };
    const figures = await bench.run({ ...options, say: (text) => say(`${bench.name}: ${text}`) });
    const summaries: Summary[] = figures.map(summarise);
    results.benches.push({ name: bench.name, summary: bench.summary, figures: summaries });
    if (!values.json) printTable(results.benches.at(-1)!);
  }
} finally {
  killAll();
}
if (values.json) console.log(JSON.stringify(results, null, 2));
if (values.write) writeResults(results);
