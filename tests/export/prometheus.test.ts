import { expect, test } from "bun:test";
import { expositionText } from "../../src/export/exposition.ts";
import { agentsMax, familiesOf, inboxesMax } from "../../src/export/prometheus.ts";
import { lacksReaders, parseOpenMetrics, promtoolCheck } from "../helpers/prometheus-readers.ts";
import { example } from "./snapshots.ts";

/** The lines of samples, each with what it is. */
function linesOf(snapshot: Parameters<typeof familiesOf>[0]): string[] {
  const text = expositionText(familiesOf(snapshot), "text");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("inboxes, agents, processes and users' metrics are told in base units", () => {
  const lines = linesOf(example);
  for (const line of [
    'skep_inbox_sent_total{inbox="a1"} 20',
    'skep_inbox_ended_total{inbox="a1",outcome="acked"} 11',
    'skep_inbox_dead{inbox="a1"} 2',
    'skep_inbox_deliveries{inbox="a1",state="leased"} 2',
    'skep_inbox_utilization_ratio{inbox="a1"} 0.1',
    'skep_inbox_oldest_ready_age_seconds{inbox="a1"} 2.5',
    'skep_inbox_oldest_ready_age_seconds{inbox="b1"} 0',
    'skep_agents{state="failed"} 1',
    'skep_agent_state{agent="w-1",group="workers",state="ready"} 1',
    'skep_agent_restarts_total{agent="w-1",group="workers"} 2',
    'skep_agent_last_beat_timestamp_seconds{agent="w-1",group="workers"} 1700000000.5',
    "skep_governor_level_ratio 0.5",
    "skep_delivery_rate_ratio 0.9",
    "skep_delivery_error_ratio 0.1",
    "skep_delivery_recent 10",
    'skep_alerts_firing{severity="critical"} 0',
    'skep_alerts_firing{severity="warning"} 1',
    'skep_alert_firing{rule="queue-depth",severity="warning"} 1',
    "skep_disk_free_bytes 1000000000",
    'skep_delivery_duration_seconds{part="total",percentile="95"} 0.03',
    'skep_process_cpu_ratio{agent="w-1",kind="host",group="workers"} 0.25',
    'skep_user_build_time_seconds{phase="a\\"b\\\\c"} 0.8',
    "skep_vitals_readable 1",
    "skep_store_log_kept_bytes 0",
    'skep_coordination_time_seconds{of="swarm"} 1.25',
    'skep_coordination_time_seconds{of="publications"} 0.04',
  ])
    expect(lines).toContain(line);
  expect(lines.filter((line) => /^skep_agent_last_beat.*w-2/.test(line))).toEqual([]);
});
test("broadcasts are no part of how long a delivery took", () => {
  const [total] = example.durations;
  const lines = linesOf({
    ...example,
    durations: [total!, { ...total!, name: "broadcast.total" }],
  });
  const parts = lines.filter((line) => line.startsWith("skep_delivery_duration_seconds{"));
  expect(parts.map((line) => /part="([^"]*)"/.exec(line)![1])).toEqual(Array(4).fill("total"));
});
test("what cannot be read is said, and what is exact is told all the same", () => {
  const lines = linesOf({ ...example, latest: null, ends: undefined, durations: [], heldTo: null });
  expect(lines).toContain("skep_vitals_readable 0");
  expect(lines).toContain('skep_inbox_sent_total{inbox="a1"} 20');
  expect(
    lines.filter((line) =>
      /^skep_(process|user|governor|delivery_(rate|error|duration))_/.test(line),
    ),
  ).toEqual([]);
});
test("there are so many of each kind and no more, and the others are counted", () => {
  const [inbox, agent] = [example.inboxes[0]!, example.agents[0]!];
  const many = <T>(count: number, make: (n: number) => T) =>
    Array.from({ length: count }, (_, n) => make(n));
  const lines = linesOf({
    ...example,
    inboxes: many(inboxesMax + 1, (n) => ({ ...inbox, inbox: `i${n}` })),
    agents: many(agentsMax + 2, (n) => ({ ...agent, name: `w-${n}` })),
  });
  const count = (name: string) => lines.filter((line) => line.startsWith(`${name}{`)).length;
  expect(count("skep_inbox_sent_total")).toBe(inboxesMax);
  expect(count("skep_agent_state")).toBe(agentsMax);
  expect(lines.filter((line) => line.startsWith("skep_export_left_out"))).toEqual([
    'skep_export_left_out{kind="inboxes"} 1',
    'skep_export_left_out{kind="agents"} 2',
    'skep_export_left_out{kind="processes"} 3',
    'skep_export_left_out{kind="user_series"} 4',
  ]);
  // How many there are of all is exact.
  expect(lines).toContain(`skep_inboxes ${inboxesMax + 1}`);
  expect(lines).toContain(`skep_agents{state="ready"} ${agentsMax + 2}`);
});
test("two metrics that come to one name share it, and a sample is never told twice", () => {
  const time = example.latest!.users[0]!;
  const users = [
    { ...time, name: "build-time", tags: {} },
    { ...time, name: "build.time", tags: {} },
    { ...time, name: "build.time", unit: "s", value: 5, tags: { phase: "x" } },
  ];
  const lines = linesOf({ ...example, latest: { ...example.latest!, users } });
  expect(lines.filter((line) => line.startsWith("skep_user"))).toEqual([
    "skep_user_build_time_seconds 0.8",
    'skep_user_build_time_seconds{phase="x"} 5',
  ]);
  // Beside those that were too many.
  expect(lines).toContain('skep_export_left_out{kind="user_series"} 5');
});
test.skipIf(lacksReaders)(
  "promtool and the OpenMetrics parser find nothing wrong with it (wants promtool and python3-prometheus-client)",
  () => {
    const families = familiesOf(example);
    expect(promtoolCheck(expositionText(families, "text"))).toEqual({ status: 0, words: "" });
    const parsed = parseOpenMetrics(expositionText(families, "openmetrics"));
    expect(parsed.map(({ name }) => name)).toEqual(families.map(({ name }) => name));
  },
);
