import { expect, test } from "bun:test";
import { jsonSchemaOf } from "../../src/config/json-schema.ts";
import { settingsFile } from "../../src/config/schema/settings.ts";
import { swarm } from "../../src/config/schema/swarm.ts";
import { allSettings } from "../../src/config/setting-names.ts";

// oxlint-disable-next-line typescript/no-explicit-any
type Tree = Record<string, any>;

test("the schema of settings has each of them with its kind, its range, its purpose and its default", () => {
  const { properties, additionalProperties }: Tree = jsonSchemaOf(settingsFile(), "settings");
  expect(additionalProperties).toBe(false);
  expect(properties.bus.properties.inbox_cap).toEqual({
    type: "integer",
    minimum: 1,
    maximum: 1_000_000_000,
    description: "How many deliveries an inbox holds before senders wait.",
    default: 1_000,
  });
  expect(properties.bus.properties.lease).toMatchObject({ type: "string", default: "1m" });
  expect(properties.store.properties.durability.enum).toEqual(["process", "power"]);
  for (const { path, setting } of allSettings) {
    const part = path.reduce((parent, key) => parent.properties[key], { properties } as Tree);
    expect([path, part.description]).toEqual([path, setting.purpose]);
    const pattern = new RegExp(part.pattern ?? "^");
    expect(String(part.default)).toMatch(pattern);
  }
});

test("the schema of a swarm file has what groups can have, however deep", () => {
  const { required, properties }: Tree = jsonSchemaOf(swarm, "swarm");
  expect(required).toEqual(["name", "agents"]);
  const group = properties.agents.additionalProperties;
  expect(properties.agents.propertyNames.pattern).toBe("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$");
  expect(group.properties.count).toEqual({ type: "integer", minimum: 1, maximum: 10_000 });
  expect(group.properties.pool).toEqual({
    type: ["boolean", "integer"],
    minimum: 1,
    maximum: 1_000,
  });
  expect(group.properties.runner.enum).toEqual(["exec", "stream", "self", "module"]);
  expect(group.properties.ready.anyOf).toMatchObject([
    { enum: ["start", "beat"] },
    { type: "object", properties: { log: { type: "string" }, command: { type: "array" } } },
  ]);
  expect(group.properties.env.items.anyOf).toMatchObject([{ type: "string" }, { type: "object" }]);
  expect(group.properties.limits.properties.rate.pattern).toBe("^\\d+(\\.\\d+)?/(s|m|h)$");
  expect(JSON.stringify(properties)).not.toContain("{}");
});
