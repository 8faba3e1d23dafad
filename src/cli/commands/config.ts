// `skep config`: what can be set, what holds here and why, and whether it fits.
import { SkepError } from "../../core/errors.ts";
import { defineCommand } from "../command.ts";
import { refuseNeedless } from "../needless.ts";

export default defineCommand({
  name: "config",
  summary: "show, explain and check what is configured",
  notes: [
    "A flag (--set bus.lease=30s) goes before a variable (SKEP_BUS_LEASE=30s), that before the home's file (skep.toml,",
    'or skep.yaml, or skep.json), that before the profile (profile = "prod"), and that before what is usual.',
    "check tells everything that is wrong, with exit 2: with the settings, the home, a swarm file (skep.swarm.toml where",
    "there is one), and what of this machine is not enough for it. Else it tells what a swarm takes here.",
    "render prints a file of a deployment; it names what agents are passed of the environment, and never a value of that.",
    "explain takes a setting, a section, or a variable, those of the original system (CFN_…) too.",
  ],
  args: {
    verb: {
      type: "positional",
      options: ["show", "explain", "check", "schema", "render"],
      description: "what to do",
    },
    name: {
      type: "positional",
      required: false,
      description:
        "explain: a setting, a section or a variable; check: a swarm file; schema: settings or swarm; render: docker, compose, k8s, systemd, env or devcontainer",
    },
    file: {
      type: "positional",
      required: false,
      description: "render: the swarm file (default skep.swarm.toml)",
    },
    agents: {
      type: "whole",
      least: 1,
      most: 10_000,
      valueHint: "N",
      description: "render: for how many plain agents (default: those of the swarm file)",
    },
    replicas: {
      type: "whole",
      least: 1,
      most: 1_000,
      valueHint: "N",
      description: "render k8s: how many pods (there can be one)",
    },
  },
  examples: [
    ["skep config show", "every setting, its value, and where that is from"],
    ["skep config explain bus.lease", "all about one setting"],
    ["skep config render compose", "a compose file of what is configured, for skep.swarm.toml"],
    ["skep config check swarm.toml", "will it fit?"],
    ["skep config schema swarm >swarm.schema.json", "for editors"],
  ],
  // It looks at the home that there would be, and makes none.
  createsHome: true,
  async run(context, { verb, name, file, agents, replicas }) {
    if (verb === "render")
      return (await import("../config-render.ts")).render(context, name, {
        file,
        agents,
        replicas,
      });
    const ofRender = { [JSON.stringify(file)]: file, "--agents": agents, "--replicas": replicas };
    refuseNeedless("config", verb, ofRender);
    if (verb === "explain") return (await import("../config-explain.ts")).explain(context, name);
    if (verb === "check") return (await import("../config-check.ts")).check(context, name);
    if (verb === "schema") return (await import("../config-schema.ts")).schema(context, name);
    if (name === undefined) return (await import("../config-show.ts")).show(context);
    throw new SkepError("E_USAGE", `show takes no name, and ${JSON.stringify(name)} is one`, {
      hint: `skep config explain ${name}`,
    });
  },
});
