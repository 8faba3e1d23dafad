import { expect, test } from "bun:test";
import { forgone, originalHome } from "../../src/config/originals.ts";
import { allSettings } from "../../src/config/setting-names.ts";

const heeded = allSettings.flatMap(({ setting }) => setting.original?.name ?? []);

test("each of the 26 variables of the original system is heeded, or it is said why not", () => {
  const all = [originalHome, ...heeded, ...forgone.map(({ name }) => name)];
  expect(all.length).toBe(26);
  expect(new Set(all).size).toBe(26);
  expect(forgone.filter(({ why }) => why.length < 20)).toEqual([]);
});

test("the variables that correspond, and with what", () => {
  const pairs = allSettings.flatMap(({ key, setting: { original } }) =>
    original === undefined
      ? []
      : [[original.name, original.usual, original.range, original.factor, key]],
  );
  expect(pairs).toEqual([
    ["CFN_MAX_PAYLOAD_SIZE", "1048576", "not checked", 1, "bus.body_bytes_max"],
    ["CFN_MESSAGE_TIMEOUT", "5000", "100 to 60000", 1, "bus.send_timeout"],
    ["CFN_COORDINATION_TIMEOUT", "10000", "100 to 300000", 1, "bus.request_timeout"],
    ["CFN_MAX_AGENTS", "50", "1 to 1000", 1, "agents.count_max"],
    ["CFN_HEALTH_TIMEOUT", "30", "1 to 300", 1_000, "agents.suspect_after"],
    ["CFN_METRICS_RETENTION_HOURS", "48", "1 to 720", 3_600_000, "metrics.raw_keep"],
    ["CFN_ALERT_INTERVAL", "30", "1 to 3600", 1_000, "alerts.evaluate_every"],
    ["CFN_ALERT_COORD_TIME_MS", "10000", "100 to 60000", 1, "alerts.coordination_time"],
    ["CFN_ALERT_DELIVERY_RATE", "90", "1 to 100", 1, "alerts.delivery_rate_min"],
    ["CFN_ALERT_RETENTION_HOURS", "24", "1 to 720", 3_600_000, "alerts.keep"],
  ]);
});
