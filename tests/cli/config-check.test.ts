import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { check } from "../../src/cli/config-check.ts";
import { heardContext } from "../helpers/heard-context.ts";

const swarm = (agents: object) => JSON.stringify({ name: "census", agents });

test("what fits is told with what it takes of this machine, and what 100, 300 or 708 agents would", async () => {
  const { context, lines, said, home } = heardContext("");
  const file = join(home, "swarm.json");
  writeFileSync(file, swarm({ a: { command: ["sleep", "1"], count: 3 } }));
  await check(context, file);
  expect(said).toEqual([`all is well; the home is ${home}`]);
  for (const name of ["census", "100 agents", "300 agents", "708 agents"])
    expect(lines.some((line) => line.startsWith(name))).toBe(true);
});
test("everything that is wrong is told at once, with file and line", async () => {
  const { context, home } = heardContext('[bus]\nlease = "never"\n');
  const file = join(home, "swarm.json");
  writeFileSync(file, swarm({ a: { command: ["sleep", "1"], cuont: 3 } }));
  const fault = await check(context, file).then(
    () => undefined,
    (error) => error,
  );
  expect(fault.code).toBe("E_CONFIG");
  const keys = fault.mistakes.map(({ key }: { key: string }) => key);
  expect(keys).toContain("bus.lease");
  expect(keys.some((key: string) => key.startsWith("agents.a"))).toBe(true);
});
test("as JSON it says what there is of each, and what each swarm takes", async () => {
  const { context, lines } = heardContext("", { json: true });
  await check(context, undefined);
  expect(JSON.parse(lines[0]!)).toMatchObject({ room: expect.any(Object) });
  expect(JSON.parse(lines[0]!).swarms.length).toBeGreaterThanOrEqual(3);
});
