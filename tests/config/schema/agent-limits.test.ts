import { expect, test } from "bun:test";
import * as v from "valibot";
import { leastRatePerS, mostLimits } from "../../../src/bus/set-limits.ts";
import { agentLimits } from "../../../src/config/schema/agent-limits.ts";
import { read, refusal } from "../swarm-files.ts";

const refused: [limits: string, message: string, hint?: string][] = [
  ["cap = 0", "limits.cap must be a whole number from 1 to 1000000000, not 0"],
  ["bytes = 0.5", "limits.bytes must be a whole number from 1"],
  ["rate = 5", "limits.rate must be a rate up to 1000000/s, not 5", "10/s"],
  ['rate = "0/s"', "limits.rate must be a rate"],
  ['rate = "1000001/s"', "limits.rate must be a rate"],
  ['sends_rate = "fast"', "limits.sends_rate must be a rate"],
  ["burst = 5", "limits.burst goes only with a rate", 'rate = "10/s"'],
  ['rate = "1/s", sends_burst = 5', "limits.sends_burst goes only with a sends_rate"],
  ['rat = "1/s"', "limits.rat is not known", "Did you mean rate?"],
];
for (const [limits, message, hint] of refused)
  test(limits, async () => {
    const group = `[agents.a]\ncommand = ["sh"]\nlimits = { ${limits} }`;
    const error = await refusal(read(`name = "s"\n${group}`));
    expect(error.message).toContain(`swarm.toml:4: agents.a.${message}`);
    expect(error.mistakes).toHaveLength(1);
    expect(error.hint ?? "").toContain(hint ?? "");
  });

test("the bounds are those of the bus", () => {
  const fits = (limits: object) => v.is(agentLimits, limits);
  const { cap, bytes, burst, ratePerS } = mostLimits;
  expect(fits({ cap, bytes, rate: `${ratePerS}/s`, burst })).toBe(true);
  expect(fits({ sends_rate: `${ratePerS}/s`, sends_burst: burst })).toBe(true);
  expect(fits({ rate: `${(leastRatePerS * 3_600).toFixed(4)}/h` })).toBe(true);
  for (const more of [
    { cap: cap + 1 },
    { bytes: bytes + 1 },
    { rate: "1/s", burst: burst + 1 },
    { rate: `${ratePerS + 1}/s` },
    { rate: "0.003/h" },
  ])
    expect(fits(more)).toBe(false);
});
