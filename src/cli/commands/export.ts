// `skep export`: what others read: Prometheus.
import { expositionFormats } from "../../export/exposition.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "export",
  summary: "print how it stands for Prometheus",
  notes: [
    "prometheus: exact counts of each inbox from the bus, the agents' states, what processes take, and the last values",
    "of your own metrics; what is too much for one answer is left out, and counted in skep_export_left_out.",
  ],
  args: {
    what: { type: "positional", options: ["prometheus"], description: "for whom" },
    format: {
      type: "enum",
      options: expositionFormats,
      default: "text",
      description: "prometheus: its own text format, 0.0.4, or OpenMetrics",
    },
  },
  examples: [
    ["skep export prometheus >/var/lib/node_exporter/skep.prom", "for node_exporter's textfiles"],
    ["skep export prometheus --format openmetrics", "the same as OpenMetrics"],
  ],
  async run(context, { format }) {
    const app = await open(context);
    const { readSnapshot } = await import("../../app/exposition.ts");
    const { familiesOf } = await import("../../export/prometheus.ts");
    const { expositionText } = await import("../../export/exposition.ts");
    const text = expositionText(familiesOf(await readSnapshot(app)), format);
    await context.data(text.trimEnd());
  },
});
