// Grafana: a dashboard, and rules for its alerts. Both were made with its own SDK (bin/write-grafana.ts); what is set here
// of thresholds goes into the rules.
import { type AlertSettings, rules, thresholdOf } from "../metrics/alerts/rules.ts";
import alerts from "./grafana/alerts.json" with { type: "json" };
import dashboard from "./grafana/dashboard.json" with { type: "json" };

/** What can be had for Grafana. */
export const grafanaParts = ["dashboard", "alerts"] as const;
export type GrafanaPart = (typeof grafanaParts)[number];

/** The JSON of `part`: a dashboard to import, or a file for Grafana's provisioning/alerting, with the thresholds of `settings`. */
export function grafanaText(part: GrafanaPart, settings: AlertSettings): string {
  return JSON.stringify(part === "dashboard" ? dashboard : alertsWith(settings), null, 2);
}

function alertsWith(settings: AlertSettings): typeof alerts {
  const file = structuredClone(alerts);
  for (const { uid, data } of file.groups.flatMap((group) => group.rules)) {
    const rule = rules.find(({ name }) => uid === `skep-${name}`)!;
    for (const { model } of data)
      for (const { evaluator } of model.conditions ?? [])
        evaluator.params = [thresholdOf(rule, settings)];
  }
  return file;
}
