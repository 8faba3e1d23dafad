// The dashboard for Grafana: the seven panels of the original system, and what else there is to see of a swarm.
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

interface Panel {
  title: string;
  /** Expressions by the legend of what they give. */
  shows: Readonly<Record<string, string>>;
  unit?: string;
  /** Where it turns yellow, and red. */
  thresholds?: readonly [warning: number, critical: number];
  kind?: "stat" | "table";
}

const rows: Readonly<Record<string, readonly Panel[]>> = {
  // What the original had, by its names.
  Inboxes: [
    {
      title: "Inbox Utilization by Agent",
      shows: { "{{inbox}}": "skep_inbox_utilization_ratio" },
      unit: "percentunit",
      thresholds: [0.75, 0.9],
    },
    {
      title: "Inbox Message Count",
      shows: { "{{inbox}}": "sum by (inbox) (skep_inbox_deliveries)" },
    },
    {
      title: "Backpressure Events Rate",
      shows: { "{{inbox}} waiting": 'skep_inbox_waiting{who="senders"}' },
      thresholds: [10, 100],
    },
    {
      title: "Message Send Failures",
      shows: { "{{inbox}} per minute": "increase(skep_inbox_refused_total[1m])" },
      thresholds: [1, 10],
    },
    {
      title: "Inbox Overflow Events",
      shows: { "full inboxes": "count(skep_inbox_utilization_ratio >= 1) or vector(0)" },
      thresholds: [1, 1],
    },
    {
      title: "Alert Summary",
      shows: { "{{severity}}": "max_over_time(skep_alerts_firing[1h])" },
      thresholds: [1, 10],
      kind: "stat",
    },
    {
      title: "Top Utilized Agents",
      shows: { "{{inbox}}": "topk(10, avg_over_time(skep_inbox_utilization_ratio[5m]))" },
      unit: "percentunit",
      thresholds: [0.75, 0.9],
      kind: "table",
    },
    {
      title: "Oldest ready delivery",
      shows: { "{{inbox}}": "skep_inbox_oldest_ready_age_seconds" },
      unit: "s",
    },
  ],
  Deliveries: [
    {
      title: "Sent and ended",
      shows: {
        sent: "sum(rate(skep_inbox_sent_total[1m]))",
        "{{outcome}}": "sum by (outcome) (rate(skep_inbox_ended_total[1m]))",
      },
      unit: "ops",
    },
    {
      title: "Delivery rate",
      shows: { acked: "skep_delivery_rate_ratio", "given up": "skep_delivery_error_ratio" },
      unit: "percentunit",
    },
    {
      title: "How long deliveries take",
      shows: { "{{part}} p{{percentile}}": "skep_delivery_duration_seconds" },
      unit: "s",
    },
    {
      title: "In each state",
      shows: {
        "{{state}}": "sum by (state) (skep_inbox_deliveries)",
        dead: "sum(skep_inbox_dead)",
      },
    },
  ],
  Agents: [
    { title: "Agents by state", shows: { "{{state}}": "skep_agents" } },
    {
      title: "Restarts",
      shows: { "{{agent}}": "increase(skep_agent_restarts_total[5m])" },
    },
    {
      title: "Processor time",
      shows: { "{{kind}} {{agent}}{{first}}": "skep_process_cpu_ratio" },
      unit: "percentunit",
    },
    {
      title: "Resident memory",
      shows: { "{{kind}} {{agent}}{{first}}": "skep_process_resident_memory_bytes" },
      unit: "bytes",
    },
    {
      title: "Open file descriptors",
      shows: { "{{kind}} {{agent}}{{first}}": "skep_process_open_fds" },
    },
    {
      title: "Governor",
      shows: { "let go on": "skep_governor_level_ratio" },
      unit: "percentunit",
    },
    {
      title: "Disk",
      shows: { "write-ahead log": "skep_wal_size_bytes", free: "skep_disk_free_bytes" },
      unit: "bytes",
    },
  ],
};

/** Every expression of the dashboard, by the title of its panel. */
export const panelExpressions: readonly (readonly [title: string, expression: string])[] =
  Object.values(rows).flatMap((panels) =>
    panels.flatMap(({ title, shows }) =>
      Object.values(shows).map((expression) => [title, expression] as const),
    ),
  );

const datasource = { type: "prometheus", uid: "${datasource}" };

/** The dashboard as Grafana imports it: it asks which Prometheus it is about. */
export function dashboardFile(): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder("skep")
    .uid("skep")
    .tags(["skep"])
    .refresh("10s")
    .time({ from: "now-1h", to: "now" })
    .withVariable(new dashboard.DatasourceVariableBuilder("datasource").type("prometheus"));
  for (const [title, panels] of Object.entries(rows)) {
    builder.withRow(new dashboard.RowBuilder(title));
    for (const panel of panels) builder.withPanel(build(panel));
  }
  return builder.build();
}

function build({ title, shows, unit = "short", thresholds, kind }: Panel) {
  const builder =
    kind === "stat"
      ? new stat.PanelBuilder()
      : kind === "table"
        ? new table.PanelBuilder()
        : new timeseries.PanelBuilder();
  builder.title(title).datasource(datasource).unit(unit).min(0).height(8).span(8);
  for (const [index, [legend, expression]] of Object.entries(shows).entries()) {
    const query = new prometheus.DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .expr(expression)
      .legendFormat(legend);
    if (kind === "table") query.instant().format(prometheus.PromQueryFormat.Table);
    builder.withTarget(query);
  }
  if (thresholds !== undefined) {
    builder.thresholds(thresholdsOf(thresholds));
    if (builder instanceof timeseries.PanelBuilder)
      builder.thresholdsStyle(
        new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Line),
      );
  }
  return builder;
}

function thresholdsOf([warning, critical]: readonly [number, number]) {
  const steps = [
    { value: null, color: "green" },
    ...(warning === critical ? [] : [{ value: warning, color: "yellow" }]),
    { value: critical, color: "red" },
  ];
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps);
}
