// The alert rules for Grafana, made of skep's own: the same names, thresholds and severities, over what Prometheus has.
import * as alerting from "@grafana/grafana-foundation-sdk/alerting";
import * as expr from "@grafana/grafana-foundation-sdk/expr";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import { defaults } from "../../src/config/settings.ts";
import { type Rule, rules, thresholdOf } from "../../src/metrics/alerts/rules.ts";

/** What each reading of a rule is in Prometheus, in the unit of the rule. */
export const expressions: Readonly<Record<string, string>> = {
  "coordination.time": "skep_coordination_time_seconds * 1000",
  "delivery.error_rate": "skep_delivery_error_ratio * 100 and skep_delivery_recent >= COUNT_MIN",
  "delivery.rate": "skep_delivery_rate_ratio * 100 and skep_delivery_recent >= COUNT_MIN",
  "agent.failed": 'sum by (agent) (skep_agent_state{state=~"failed|dead"})',
  "agent.restarts_per_min": "sum by (agent) (increase(skep_agent_restarts_total[1m]))",
  "agent.suspect": 'sum by (agent) (skep_agent_state{state="suspect"})',
  "inbox.utilization": "skep_inbox_utilization_ratio * 100",
  "inbox.refused_per_min": "increase(skep_inbox_refused_total[1m])",
  "inbox.depth": "sum by (inbox) (skep_inbox_deliveries)",
  "inbox.oldest": "skep_inbox_oldest_ready_age_seconds * 1000",
  "inbox.dead": "skep_inbox_dead",
  "inbox.waiting_senders": 'skep_inbox_waiting{who="senders"}',
  "disk.free": "skep_disk_free_bytes",
  "process.memory_growth":
    "(skep_process_resident_memory_bytes / (skep_process_resident_memory_bytes offset 10m > 0) - 1) * 100",
  "process.descriptor_growth": "skep_process_open_fds - skep_process_open_fds offset 10m",
  "store.log": "skep_wal_size_bytes",
  "store.log_kept": "skep_store_log_kept_bytes",
};

/** The expression of `rule` in Prometheus. */
export function expressionOf({ reads }: Pick<Rule, "reads">): string {
  return expressions[reads]!.replace("COUNT_MIN", String(defaults.alerts.rateCountMin));
}

/** The name of the data source in files that Grafana provisions. */
const datasource = "prometheus";
const evaluators = { above: "gt", "at least": "gte", below: "lt" } as const;

/** A file that Grafana provisions its rules from. */
export function alertFile() {
  const built = rules.map((rule) => build(rule, expressionOf(rule)));
  const group = { orgId: 1, name: "skep", folder: "skep", interval: "30s", rules: built };
  return { apiVersion: 1, groups: [group] };
}

function build(rule: Rule, expression: string) {
  const query = new prometheus.DataqueryBuilder().refId("A").expr(expression).instant();
  const threshold = new expr.TypeThresholdBuilder()
    .refId("B")
    .expression("A")
    .datasource({ type: "__expr__", uid: "__expr__" })
    .conditions([
      {
        evaluator: {
          type: evaluators[rule.compare],
          params: [thresholdOf(rule, defaults.alerts)],
        },
      },
    ]);
  const window = { from: 1_800, to: 0 } as never;
  const part = (refId: string, uid: string, model: typeof query | typeof threshold) =>
    new alerting.QueryBuilder(refId)
      .datasourceUid(uid)
      .relativeTimeRange(window)
      .model(model as never);
  const { orgID, ruleGroup, folderUID, ...plain } = new alerting.RuleBuilder(`skep ${rule.name}`)
    .uid(`skep-${rule.name}`)
    .condition("B")
    .queries([part("A", datasource, query), part("B", "__expr__", threshold)])
    .forDuration(`${rule.holdMs / 1_000}s`)
    .noDataState("OK")
    .execErrState("Error")
    .labels({ severity: rule.severity })
    .annotations({ summary: rule.about })
    .build();
  return plain;
}
