import { expect, test } from "bun:test";
import { labelsOf, nameOfUser } from "../../src/export/prometheus-name.ts";

test.each([
  ["build.time", "ms", "skep_user_build_time_seconds", 0.001],
  ["build.seconds", "s", "skep_user_build_seconds", 1],
  ["cache.size", "MiB", "skep_user_cache_size_bytes", 1_048_576],
  ["cache.hits", "percent", "skep_user_cache_hits_ratio", 0.01],
  ["buildTime", "count", "skep_user_build_time", 1],
  ["jobs.total", "count", "skep_user_jobs_total_value", 1],
  ["a-b._c", "req/s", "skep_user_a_b_c_req_s", 1],
  ["x", "constructor", "skep_user_x_constructor", 1],
])("%s in %s is %s", (name, unit, expected, factor) => {
  expect(nameOfUser({ name, unit })).toMatchObject({ name: expected, factor });
});
test("the agent is a label beside the tags, and tags of that name or of Prometheus' own stay apart", () => {
  const tags = { agent: "bob", phase: "link", le: "5", quantile: "0.9" };
  expect(labelsOf({ agent: "ada", tags })).toEqual({
    agent: "ada",
    tag_agent: "bob",
    phase: "link",
    tag_le: "5",
    tag_quantile: "0.9",
  });
  expect(labelsOf({ agent: null, tags: { "*": "*" } })).toEqual({ overflow: "true" });
});
