// `skep export`: what other programs read.
import { SkepError } from "../../core/errors.ts";
import { expositionFormats } from "../../export/exposition.ts";
import { defineCommand } from "../command.ts";
import { printRows, rowKinds } from "../export-rows.ts";
import { printExposition } from "../export-prometheus.ts";

export default defineCommand({
  name: "export",
  summary: "print counts and figures for Prometheus, or rows as JSON lines or CSV",
  notes: [
    "prometheus: exact counts of each inbox from the bus, the agents' states, what processes take, and the last values",
    "of your own metrics; what is too much for one answer is left out, and counted in skep_export_left_out.",
    "jsonl, csv: a row for each delivery, live or ended and without its body, or for each point of a metric. They come",
    "as they are read, so there may be any number of them. Times are milliseconds since 1970.",
  ],
  args: {
    what: {
      type: "positional",
      options: ["prometheus", "jsonl", "csv"],
      description: "for whom, or as what",
    },
    rows: {
      type: "positional",
      required: false,
      description: "jsonl, csv: deliveries (as usual) or metrics",
    },
    since: { type: "duration", description: "jsonl, csv: sent or measured since so long ago" },
    until: { type: "duration", description: "jsonl, csv: and until so long ago" },
    format: {
      type: "enum",
      options: expositionFormats,
      description: "prometheus: its own text format, 0.0.4, as usual, or OpenMetrics",
    },
  },
  examples: [
    ["skep export prometheus >/var/lib/node_exporter/skep.prom", "for node_exporter's textfiles"],
    ["skep export csv deliveries --since 1h >hour.csv", "what was sent in the last hour"],
    ["skep export jsonl metrics --since 2h --until 1h", "what was measured in the hour before"],
  ],
  async run(context, { what, rows, since, until, format }) {
    if (what === "prometheus") {
      refuse(what, { [JSON.stringify(rows)]: rows, "--since": since, "--until": until });
      return await printExposition(context, format ?? "text");
    }
    refuse(what, { "--format": format });
    const kind = rowKinds.find((one) => one === (rows ?? "deliveries"));
    if (kind === undefined)
      throw new SkepError("E_USAGE", `there are no rows of ${JSON.stringify(rows)}`, {
        hint: `Name ${rowKinds.join(" or ")}.`,
      });
    await printRows(context, { format: what, kind, sinceMs: since, untilMs: until });
  },
});

function refuse(what: string, given: Readonly<Record<string, unknown>>): void {
  const [needless] = Object.keys(given).filter((word) => given[word] !== undefined);
  if (needless !== undefined)
    throw new SkepError("E_USAGE", `${needless} does not go with export ${what}`, {
      hint: "skep help export",
    });
}
