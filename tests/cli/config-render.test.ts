import { expect, test } from "bun:test";
import { render, renderings } from "../../src/cli/config-render.ts";
import { heardContext } from "../helpers/heard-context.ts";

const one = { agents: undefined, replicas: 1 };

test("every file there is can be rendered, and has what was chosen", async () => {
  for (const name of Object.keys(renderings)) {
    const { context, lines } = heardContext('[bus]\nlease = "30s"\n');
    await render(context, name, one);
    expect([name, lines.some((line) => /BUS_LEASE.*30s/.test(line))]).toEqual([name, true]);
  }
});
test("how many agents there are follows from the profile, unless it is said", async () => {
  const agentsIn = async (settings: string, agents?: number) => {
    const { context, lines } = heardContext(settings);
    await render(context, "compose", { agents, replicas: 1 });
    return /, (\d+) agents: /.exec(lines[0]!)?.[1];
  };
  expect(await agentsIn("")).toBe("100");
  expect(await agentsIn('profile = "prod"\n')).toBe("500");
  expect(await agentsIn('profile = "prod"\n', 7)).toBe("7");
});
test("what does not fit is not rendered", async () => {
  const { context } = heardContext('[bus]\nlease = "never"\n');
  expect(render(context, "docker", one)).rejects.toMatchObject({ code: "E_CONFIG" });
  expect(render(context, "helm", one)).rejects.toThrow('there is no file "helm"');
  expect(render(context, undefined, one)).rejects.toThrow("render what?");
});
