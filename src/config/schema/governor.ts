// The `[governor]` section: when the machine has too much to do, and how far what skep starts is held back then.
import { choice, duration, whole } from "./setting.ts";

export const governor = {
  mode: choice({
    purpose:
      "Whether what skep starts is held back while the machine has too much to do: starts, the next message of an agent, and senders of the swarm that wait for room.",
    usual: "on",
    options: ["on", "off"],
    restart: "swarm",
  }),
  loadHigh: whole({
    purpose:
      "More tasks than this run or wait for a processor, over `window`: it holds back. 400 are four to each processor.",
    unit: "percent of the processors",
    usual: 400,
    least: 1,
    most: 1_000_000,
    restart: "swarm",
  }),
  loadLow: whole({
    purpose: "With no more than this it lets go again.",
    unit: "percent of the processors",
    usual: 200,
    least: 0,
    most: 1_000_000,
    restart: "swarm",
  }),
  pressureHigh: whole({
    purpose:
      "In more of the last 10 s than this some task waited for memory (`some avg10`): it holds back.",
    unit: "percent",
    usual: 20,
    least: 0,
    most: 100,
    restart: "swarm",
  }),
  pressureLow: whole({
    purpose: "With no more than this it lets go again.",
    unit: "percent",
    usual: 5,
    least: 0,
    most: 100,
    restart: "swarm",
  }),
  memoryLow: whole({
    purpose:
      "Less of the memory than this is left, of the machine or of the control group: it holds back.",
    unit: "percent",
    usual: 5,
    least: 0,
    most: 100,
    restart: "swarm",
  }),
  memoryHigh: whole({
    purpose: "With this much it lets go again.",
    unit: "percent",
    usual: 10,
    least: 0,
    most: 100,
    restart: "swarm",
  }),
  windowMs: duration({
    purpose: "Over how long the tasks that run or wait are counted.",
    usual: 10_000,
    least: 2_000,
    most: 600_000,
    restart: "swarm",
  }),
  changeEveryMs: duration({
    purpose: "The least time between one change and the next.",
    usual: 5_000,
    least: 1_000,
    most: 600_000,
    restart: "swarm",
  }),
  pauseMaxMs: duration({
    purpose: "The longest that one message, or one sender that waits for room, is held back.",
    usual: 2_000,
    least: 0,
    most: 600_000,
    restart: "swarm",
  }),
} as const;
