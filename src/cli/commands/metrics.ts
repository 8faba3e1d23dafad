// `skep metrics`: figures that are recorded, one's own among them.
import { defineCommand } from "../command.ts";
import { emit } from "../metrics-emit.ts";

export default defineCommand({
  name: "metrics",
  summary: "record figures of your own",
  notes: [
    "emit records one value of a metric; with --batch it reads lines like",
    '{"name":"build.time","value":12.5,"unit":"ms","tags":{"phase":"link"}} and answers those that are refused.',
    "A name is words with dots between them; with --as the point is that agent's.",
  ],
  args: {
    verb: { type: "positional", options: ["emit"], description: "what to do" },
    name: { type: "positional", required: false, description: "the metric" },
    value: { type: "positional", required: false, description: "a number" },
    unit: { type: "string", description: "of the value (default count)" },
    tag: {
      type: "string",
      many: true,
      valueHint: "KEY=VALUE",
      description: "what else tells it from others; may be given several times",
    },
    batch: { type: "boolean", description: "read points as JSON lines from standard input" },
  },
  examples: [
    ["skep metrics emit build.time 812 --unit ms --tag phase=link", "one point"],
    ["skep metrics emit --batch < points.jsonl", "many of them"],
    ["skep metrics emit drift -- -0.5", "a value below zero"],
  ],
  run: (context, { name, value, unit, tag, batch }) =>
    emit(context, { name, value, unit, tags: tag, batch }),
});
