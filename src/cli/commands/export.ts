// `skep export`: what other programs read.
import { SkepError } from "../../core/errors.ts";
import { expositionFormats } from "../../export/exposition.ts";
import { defineCommand } from "../command.ts";
import { printRows, rowKinds } from "../export-rows.ts";
import { printExposition } from "../export-prometheus.ts";
import { refuseNeedless } from "../needless.ts";

export default defineCommand({
  name: "export",
  summary: "figures for Prometheus, OpenTelemetry, Grafana; rows as JSON or CSV",
  notes: [
    "prometheus: exact counts of each inbox from the bus, the agents' states, what processes take, and the last values",
    "of your own metrics; what is too much for one answer is left out, and counted in skep_export_left_out.",
    "grafana: a dashboard to import, which asks for its Prometheus; or the alert rules with the thresholds that are set",
    "here, as a file for Grafana's provisioning/alerting, where the data source has the uid prometheus.",
    "otlp: pushes what Prometheus gets to a receiver of OpenTelemetry's protocol, in JSON over HTTP, and prints what went",
    "through; again every export.otlp_every until Ctrl-C, or with --once once. A supervisor does so where otlp_endpoint is",
    "set in the section [export]. Other machines only where export.otlp_hosts names them.",
    "jsonl, csv: a row for each delivery, live or ended and without its body, or for each point of a metric. They come",
    "as they are read, so there may be any number of them. Times are milliseconds since 1970.",
  ],
  args: {
    what: {
      type: "positional",
      options: ["prometheus", "grafana", "otlp", "jsonl", "csv"],
      description: "for whom, or as what",
    },
    part: {
      type: "positional",
      required: false,
      description:
        "grafana: dashboard (as usual) or alerts; jsonl, csv: deliveries (as usual) or metrics",
    },
    since: { type: "duration", description: "jsonl, csv: sent or measured since so long ago" },
    until: { type: "duration", description: "jsonl, csv: and until so long ago" },
    once: { type: "boolean", description: "otlp: one push, and no more" },
    endpoint: {
      type: "string",
      valueHint: "URL",
      description: "otlp: whom to push to, instead of export.otlp_endpoint",
    },
    format: {
      type: "enum",
      options: expositionFormats,
      description: "prometheus: its own text format, 0.0.4, as usual, or OpenMetrics",
    },
  },
  examples: [
    ["skep export prometheus >/var/lib/node_exporter/skep.prom", "for node_exporter's textfiles"],
    ["skep export grafana >skep.json", "to be imported into Grafana"],
    ["skep export otlp --once --endpoint http://127.0.0.1:4318/v1/metrics", "to a collector"],
    ["skep export csv deliveries --since 1h >hour.csv", "what was sent in the last hour"],
    ["skep export jsonl metrics --since 2h --until 1h", "what was measured in the hour before"],
  ],
  async run(context, { what, part, since, until, format, once, endpoint }) {
    const rows = { [JSON.stringify(part)]: part, "--since": since, "--until": until };
    if (what === "otlp") {
      refuseNeedless("export", what, { ...rows, "--format": format });
      const { printPushes } = await import("../export-otlp.ts");
      return await printPushes(context, { once, endpoint });
    }
    refuseNeedless("export", what, { "--once": once || undefined, "--endpoint": endpoint });
    if (what === "prometheus") {
      refuseNeedless("export", what, rows);
      return await printExposition(context, format ?? "text");
    }
    refuseNeedless("export", what, { "--format": format });
    if (what === "grafana") {
      refuseNeedless("export", what, { "--since": since, "--until": until });
      const { grafanaParts, grafanaText } = await import("../../export/grafana.ts");
      const wanted = oneOf(grafanaParts, part, what);
      return await context.data(grafanaText(wanted, (await context.settings()).alerts));
    }
    const kind = oneOf(rowKinds, part, what);
    await printRows(context, { format: what, kind, sinceMs: since, untilMs: until });
  },
});

/** That of `parts` which was named, the first one where none was. */
function oneOf<Part extends string>(
  parts: readonly Part[],
  named: string | undefined,
  what: string,
) {
  const part = named === undefined ? parts[0] : parts.find((one) => one === named);
  if (part !== undefined) return part;
  throw new SkepError("E_USAGE", `export ${what} has no ${JSON.stringify(named)}`, {
    hint: `Name ${parts.join(" or ")}.`,
  });
}
