// The migrations, embedded in the executable. A released one is never edited; a change is a new number.
import bus from "../../migrations/0001-bus.sql" with { type: "text" };
import agents from "../../migrations/0002-agents.sql" with { type: "text" };
import routes from "../../migrations/0003-bus-routes.sql" with { type: "text" };
import losses from "../../migrations/0004-bus-losses.sql" with { type: "text" };
import times from "../../migrations/0005-bus-times.sql" with { type: "text" };
import retired from "../../migrations/0006-bus-retired.sql" with { type: "text" };
import taken from "../../migrations/0007-agents-taken.sql" with { type: "text" };
import broadcasts from "../../migrations/0008-bus-broadcasts.sql" with { type: "text" };
import governor from "../../migrations/0009-agents-governor.sql" with { type: "text" };
import heartbeats from "../../migrations/vitals/0001-heartbeats.sql" with { type: "text" };
import metrics from "../../migrations/vitals/0002-metrics.sql" with { type: "text" };
import alerts from "../../migrations/vitals/0003-metrics-alerts.sql" with { type: "text" };
import notices from "../../migrations/vitals/0004-metrics-notices.sql" with { type: "text" };
import looks from "../../migrations/vitals/0005-metrics-looks.sql" with { type: "text" };
import latest from "../../migrations/vitals/0006-metrics-latest.sql" with { type: "text" };
import type { Migration } from "./migrate.ts";

/** Those of bus.db. */
export const migrations: readonly Migration[] = numbered([
  bus,
  agents,
  routes,
  losses,
  times,
  retired,
  taken,
  broadcasts,
  governor,
]);

/** Those of vitals.db. */
export const vitalsMigrations: readonly Migration[] = numbered([
  heartbeats,
  metrics,
  alerts,
  notices,
  looks,
  latest,
]);

function numbered(texts: readonly string[]): Migration[] {
  return texts.map((sql, index) => ({ version: index + 1, sql }));
}
