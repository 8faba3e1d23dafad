// The `[notify]` section: how people who look at no inbox are told of alerts, by a command, on the desktop, over HTTP.
import { address, choice, duration, flag, whole, words } from "./setting.ts";

export const notify = {
  command: words({
    purpose:
      "The program that is run for each alert, with the alert on its standard input; paths are relative to the home.",
    form: "program",
    usual: [],
    restart: "swarm",
  }),
  desktop: flag({
    purpose: "Whether each alert is shown on the desktop, where there is one.",
    usual: false,
    restart: "swarm",
  }),
  webhook: address({
    purpose: "Where each alert is posted to, as JSON; what stands behind the host is not shown.",
    usual: "none",
    restart: "swarm",
  }),
  hosts: words({
    purpose: "The hosts besides this machine that `webhook` may name.",
    form: "hosts",
    usual: [],
    restart: "swarm",
  }),
  severity: choice({
    purpose: "The least severity that these three are told of; the topic gets every alert.",
    usual: "warning",
    options: ["info", "warning", "critical"],
    restart: "swarm",
  }),
  timeoutMs: duration({
    purpose: "How long one try to tell of an alert may take before it is ended.",
    usual: 10_000,
    least: 100,
    most: 3_600_000,
    restart: "swarm",
  }),
  waitingMax: whole({
    purpose: "How many alerts wait for each of the three; the oldest are dropped then.",
    unit: "alerts",
    usual: 100,
    least: 1,
    most: 10_000,
    restart: "swarm",
  }),
} as const;
