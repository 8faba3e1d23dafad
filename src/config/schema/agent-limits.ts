// The limits of a group of agents: how much the inbox of each holds, how fast it takes, how fast each one sends.
import * as v from "valibot";
import { rate, rules, table, whole } from "./values.ts";

// As far as the bus can reckon; tests hold these to its own bounds.
const anyRate = () => v.optional(rate(1e-6, 1e6));
const anyBurst = () => v.optional(whole(1, 1e6));

/** `limits` of a group. */
export const agentLimits = v.pipe(
  table({
    cap: v.optional(whole(1, 1e9)),
    bytes: v.optional(whole(1, 1e12)),
    rate: anyRate(),
    burst: anyBurst(),
    sends_rate: anyRate(),
    sends_burst: anyBurst(),
  }),
  rules([
    {
      key: "burst",
      and: ["rate"],
      holds: ({ rate, burst }) => rate !== undefined || burst === undefined,
      message: 'goes only with a rate\nSay how fast: rate = "10/s"',
    },
    {
      key: "sends_burst",
      and: ["sends_rate"],
      holds: (given) => given.sends_rate !== undefined || given.sends_burst === undefined,
      message: 'goes only with a sends_rate\nSay how fast: sends_rate = "10/s"',
    },
  ]),
);
