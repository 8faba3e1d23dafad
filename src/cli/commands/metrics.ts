// `skep metrics`: how a swarm does and where it is slow, and figures of one's own.
import { SkepError } from "../../core/errors.ts";
import { groupings } from "../../metrics/deliveries.ts";
import { defineCommand } from "../command.ts";
import { emit } from "../metrics-emit.ts";
import { printReport } from "../metrics-report.ts";
import { printTail } from "../metrics-tail.ts";
import { refuseNeedless } from "../needless.ts";

const usualSinceMs = 600_000;
const usualLines = 20;

export default defineCommand({
  name: "metrics",
  summary: "say how it goes and where it is slow; record figures of your own",
  notes: [
    "report: what became of the deliveries of late, what else was measured, and what took longest. tail: the points",
    "as they were recorded. emit: records one value of a metric; with --batch it reads lines like",
    '{"name":"build.time","value":12.5,"unit":"ms","tags":{"phase":"link"}} and answers those that are refused.',
    "A name is words with dots between them; with --as the point is that agent's.",
  ],
  args: {
    verb: { type: "positional", options: ["report", "tail", "emit"], description: "what to do" },
    name: { type: "positional", required: false, description: "the metric, for emit and tail" },
    value: { type: "positional", required: false, description: "a number, for emit" },
    since: {
      type: "duration",
      description: "how far back the report goes (default 10m), or tail begins",
    },
    by: {
      type: "enum",
      options: groupings,
      description: "what the report tells figures apart by (default name)",
    },
    follow: { type: "boolean", alias: "f", description: "tail goes on until Ctrl-C" },
    lines: {
      type: "whole",
      least: 0,
      most: 100_000,
      description: "how many points tail begins with (default 20)",
    },
    unit: { type: "string", description: "of the value that is emitted (default count)" },
    tag: {
      type: "string",
      many: true,
      valueHint: "KEY=VALUE",
      description: "what else tells it from others; may be given several times",
    },
    batch: { type: "boolean", description: "emit points from JSON lines on standard input" },
  },
  examples: [
    ["skep metrics report --since 1h --by agent", "who is slow"],
    ["skep metrics emit build.time 812 --unit ms --tag phase=link", "one point"],
    ["skep metrics emit drift -- -0.5", "a value below zero"],
    ["skep metrics tail build.time -f", "watch it"],
  ],
  async run(context, { verb, name, value, since, by, follow, lines, unit, tag: tags, batch }) {
    if (verb === "emit") {
      const going = { "--follow": follow || undefined, "--lines": lines };
      refuseNeedless("metrics", verb, { "--since": since, "--by": by, ...going });
      return await emit(context, { name, value, unit, tags, batch });
    }
    const extra = verb === "report" ? (name ?? value) : value;
    if (extra !== undefined || unit !== undefined || tags.length > 0 || batch)
      throw new SkepError("E_USAGE", `metrics ${verb} records nothing`, {
        hint: "Write skep metrics emit NAME VALUE to record a figure.",
      });
    if (verb === "tail") {
      refuseNeedless("metrics", verb, { "--by": by });
      const last = lines ?? usualLines;
      return await printTail(context, { name, last, sinceMs: since, follow });
    }
    refuseNeedless("metrics", verb, { "--lines": lines });
    if (follow)
      throw new SkepError("E_USAGE", "a report does not go on", {
        hint: "skep metrics tail -f shows points as they come.",
      });
    if (since === 0)
      throw new SkepError("E_USAGE", "--since 0s is no time to report of", {
        hint: "Write how far back the report goes: 10m, or 1h.",
      });
    return await printReport(context, { sinceMs: since ?? usualSinceMs, by: by ?? "name" });
  },
});
