// Puts figures before people: as a table on the terminal, and into bench/results.md.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Summary } from "./figure.ts";
import type { Machine } from "./machine.ts";

export interface BenchResult {
  name: string;
  summary: string;
  figures: Summary[];
}

export interface Results {
  machine: Machine;
  rounds: number;
  small: boolean;
  benches: BenchResult[];
}

const columns = ["figure", "ours", "reference", "ratio (least … most)", "target", ""] as const;

/** Prints one bench as a table. */
export function printTable({ name, figures }: BenchResult): void {
  const rows = [[...columns], ...figures.map(cells)];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  console.log(`\n${name}`);
  for (const row of rows)
    console.log(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd()}`,
    );
}

const path = join(import.meta.dir, "results.md");

/** Puts each of the benches that ran into bench/results.md, in the place of its older figures; the others stay. */
export function writeResults({ machine, rounds, benches }: Results): void {
  const sections = readSections();
  for (const { name, summary, figures } of benches) {
    const lines = [columns, columns.map(() => "---"), ...figures.map(cells)].map(
      (row) => `| ${row.join(" | ")} |`,
    );
    const head = `## ${name}\n\nWhat it measures: ${summary}.\n\n${measuredOn(machine, rounds)}\n\n`;
    sections.set(name, `${head}${lines.join("\n")}\n`);
  }
  writeFileSync(path, `${preface}\n${[...sections.values()].join("\n")}`);
}

const preface = `# Figures

Written by \`bun bench/run.ts --write\`. Ours and the reference take turns, round by round; each figure is the median
of the rounds, and the ratio is the median of the rounds' own ratios, with the least and the most of them.
`;

function readSections(): Map<string, string> {
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // The first figures of all.
  }
  const sections = text.split(/^(?=## )/m).slice(1);
  return new Map(
    sections.map((section) => [/^## (.*)$/m.exec(section)![1]!, `${section.trimEnd()}\n`]),
  );
}

function measuredOn(machine: Machine, rounds: number): string {
  const { date, cores, processor, memoryGiB, system, kernel, bun, sqlite, load } = machine;
  return (
    `${date} UTC, ${rounds} rounds: ${cores} cores (${processor}), ${memoryGiB} GiB, ${system}, Linux ${kernel}, ` +
    `Bun ${bun}, SQLite ${sqlite}; load before the run ${load}.`
  );
}

function cells({
  name,
  unit,
  median,
  least,
  most,
  reference,
  ratio,
  target,
  met,
}: Summary): string[] {
  return [
    name,
    `${number(median)} ${unit} (${number(least)} … ${number(most)})`,
    reference === undefined ? "" : `${reference.name}: ${number(reference.median)}`,
    ratio === undefined
      ? ""
      : `${number(ratio.median)} (${number(ratio.least)} … ${number(ratio.most)})`,
    target ?? "",
    met === undefined ? "" : met ? "met" : "missed",
  ];
}

function number(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}
