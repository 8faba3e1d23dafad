// `skep alerts`: what is wrong now, what was, and who is to be told.
import { printChannels } from "../alerts-channels.ts";
import { ack, printSilences, silenceFor, tryOut, unsilence } from "../alerts-change.ts";
import { printAlerts, printRules } from "../alerts-list.ts";
import { watch } from "../alerts-watch.ts";
import { defineCommand } from "../command.ts";
import { refuseNeedless } from "../needless.ts";

const usualMax = 100;
const usualSilenceMs = 3_600_000;

export default defineCommand({
  name: "alerts",
  summary: "show what is wrong with the swarm; see to it",
  notes: [
    "Without a verb it lists the alerts that fire; history also those that are over. rules: when each comes, by skep's",
    "own rules and by yours, which stand in skep.toml (skep config explain alerts.rules).",
    "channels: where alerts go besides the topic alerts, and how that went; the settings notify say where.",
    "ack ID says that somebody sees to it. silence has nobody told for a while, of a rule, a subject or both; silences",
    "lists those that hold, and unsilence ID ends one.",
    "test sends one alert through every channel; exit 8 when one of them fails. watch looks where no supervisor does.",
  ],
  args: {
    verb: {
      type: "positional",
      required: false,
      options: [
        "list",
        "history",
        "rules",
        "channels",
        "ack",
        "silence",
        "silences",
        "unsilence",
        "test",
        "watch",
      ],
      description: "what to do (list when left out)",
    },
    id: {
      type: "positional",
      required: false,
      description: "the alert, for ack, or the silence, for unsilence",
    },
    rule: { type: "string", valueHint: "RULE", description: "what to silence" },
    subject: { type: "string", valueHint: "NAME", description: "about whom to be silent" },
    for: { type: "duration", description: "how long to be silent (default 1h)" },
    max: {
      type: "whole",
      least: 1,
      most: 100_000,
      valueHint: "N",
      description: "how many that are over history shows at most (default 100)",
    },
  },
  examples: [
    ["skep alerts ack 3", "I see to it"],
    ["skep alerts silence --rule queue-depth --subject files --for 2h", "tell nobody of that"],
    ["skep subscribe alerts ops", "have alerts come to the inbox ops"],
  ],
  async run(context, { verb = "list", id, rule, subject, for: forMs, max }) {
    if (verb !== "ack" && verb !== "unsilence")
      refuseNeedless("alerts", verb, { [JSON.stringify(id)]: id });
    if (verb !== "silence")
      refuseNeedless("alerts", verb, { "--rule": rule, "--subject": subject, "--for": forMs });
    if (verb !== "history") refuseNeedless("alerts", verb, { "--max": max });
    if (verb === "list") return await printAlerts(context, 0);
    if (verb === "history") return await printAlerts(context, max ?? usualMax);
    if (verb === "channels") return await printChannels(context);
    if (verb === "rules") return await printRules(context);
    if (verb === "ack") return await ack(context, id);
    if (verb === "silence")
      return await silenceFor(context, { rule, subject, forMs: forMs ?? usualSilenceMs });
    if (verb === "silences") return await printSilences(context);
    if (verb === "unsilence") return await unsilence(context, id);
    if (verb === "test") return await tryOut(context);
    return await watch(context);
  },
});
