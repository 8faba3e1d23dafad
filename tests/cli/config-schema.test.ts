import { expect, test } from "bun:test";
import { schema } from "../../src/cli/config-schema.ts";
import { heardContext } from "../helpers/heard-context.ts";

test("the schemas of settings and of swarm files are JSON Schema, on one line with --json", async () => {
  const settings = heardContext("");
  await schema(settings.context);
  expect(JSON.parse(settings.lines.join("\n")).properties.bus.properties.lease).toBeObject();
  const swarm = heardContext("", { json: true });
  await schema(swarm.context, "swarm");
  expect(swarm.lines).toHaveLength(1);
  expect(JSON.parse(swarm.lines[0]!).properties.agents).toBeObject();
});
test("there is no other, and the likely one is named", async () => {
  const { context } = heardContext("");
  expect(schema(context, "swam")).rejects.toThrow('there is no schema of "swam"');
});
