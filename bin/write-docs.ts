// Writes the pages of docs/ that follow from the source: `bun bin/write-docs.ts`.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { originalOf, profilesOf, rangeOf, restartWords } from "../src/config/explain.ts";
import { forgone } from "../src/config/originals.ts";
import { type PlainVariable, plainVariables } from "../src/config/plain-variables.ts";
import { type NamedSetting, allSettings } from "../src/config/setting-names.ts";
import { ruleKeys } from "../src/config/schema/rule-keys.ts";
import { settingsText } from "../src/config/settings-text.ts";

const page = join(dirname(import.meta.dir), "docs", "configuration.md");

/** docs/configuration.md, but for the widths of its tables, which `bun fmt` sets. */
export function configurationPage(): string {
  return [
    "# Configuration",
    "<!-- Written by bin/write-docs.ts from src/config/schema/; do not edit. -->",
    "Nothing has to be configured: the values below hold by themselves, and they carry a swarm of a hundred agents. `skep config show` prints what holds here, and who says so; `skep config explain NAME` has all about one setting.",
    "## Where it is said",
    "What stands further up goes before what stands below it:",
    [
      "1. a flag: `--set bus.lease=30s`, as often as wanted, with every command;",
      "2. a variable of the environment: `SKEP_BUS_LEASE=30s`; one that is set to nothing counts as not set. `--env-file FILE` takes variables from a file, where they are not set; no `.env` is ever read otherwise;",
      "3. the file of the home: `skep.toml`, `skep.yaml`, `skep.yml` or `skep.json` in the directory of the swarm's state, one of them; what is wrong with its grammar is told with line and column, and one in YAML costs each command some 3 ms more than one in TOML. `skep init` writes a `skep.toml` in which every setting is there as a remark;",
      '4. the profile: `profile = "prod"`, or `SKEP_PROFILE`, or `--set profile=prod`;',
      "5. what is usual.",
    ].join("\n"),
    "What is not known is refused, with the file, the line and the name that was probably meant: an unknown key, an unknown `SKEP_` variable, a value out of its range, a key that is there twice. All mistakes are told at once, and the exit status is 2.",
    "`skep config schema` prints a JSON Schema of that file for editors, `skep config schema swarm` one of swarm files. In TOML it is named by a first line `#:schema ./skep.schema.json`, in YAML by `# yaml-language-server: $schema=skep.schema.json`, in JSON by a key `$schema`.",
    "## The settings",
    ["```toml", settingsText({ remarks: false }).trimEnd(), "```"].join("\n"),
    table(
      ["setting", "range", "profiles", "the original's name", "what it is for", "after a change"],
      allSettings.map((named) => [
        `\`${named.key}\``,
        rangeOf(named.setting),
        profilesOf(named) || "-",
        originalOf(named.setting) || "-",
        purposeOf(named),
        restartWords[named.setting.restart],
      ]),
    ),
    "The variable of a setting is its name in capitals, with `SKEP_` before it and underscores for dots: `bus.lease` is `SKEP_BUS_LEASE`.",
    "Rules between settings: `bus.backoff_min` is not longer than `bus.backoff_max`, `bus.body_bytes_max` not more than `bus.inbox_bytes`, and three times `agents.beat_every` not longer than `bus.lease` or `agents.suspect_after`; where nobody chose how often to beat, it is often enough. The host of `notify.webhook` is this machine, or one of `notify.hosts`; that of `export.otlp_endpoint` likewise, with `export.otlp_hosts`.",
    "## Rules of your own",
    "Only the file has them, each in a table `[alerts.rules.NAME]` (in YAML and JSON the same tables). [alerts.md](alerts.md) says how they go about it. There are 200 of them at most; a name has letters, digits, dashes and underscores, and is none of skep's own rules.",
    table(
      ["key", "values", "without it", "what it is for"],
      Object.entries(ruleKeys).map(([key, { range, usual, purpose }]) => [
        `\`${key}\``,
        range,
        usual || "-",
        purpose.replace(/\.$/, ""),
      ]),
    ),
    "Exactly one of `above`, `below` and `at_least` is there. Refused are, besides what is not known or out of its range: a threshold that the metric never has (an inbox that is filled by 150 %, free space below 0), a recovery on the wrong side of the threshold, a window that is longer than `metrics.raw_keep` or, for what is sampled, shorter than two times `metrics.sample_every`, and `of`, `window`, `count_min`, `by`, `tags` and `unit` with a metric that is recorded nowhere. A name that is almost that of a metric of skep's own is taken for a slip. A metric that nobody has emitted yet is none: `skep alerts rules` and `skep config check` say so, with the name that was probably meant.",
    "## Before anything starts",
    "`skep config check [FILE]` looks at the settings, the home, a swarm file (`skep.swarm.toml` where there is one) and the machine, and tells everything that is wrong at once, with exit 2: what is said above, a home that cannot be written or lies on a file system without locks, a database that is damaged, and where memory, processes, open files or the disk are not enough for that swarm. Of a variable that `env` names and that is not set it warns. Where nothing is wrong it tells what the swarm takes, and what 100, 300 and 708 agents would, each with a host of its own or sharing a few, and whether this machine is large enough for those.",
    "## Secrets",
    'A key for an agent is best a variable that its `env` names: `env = ["PATH", "API_KEY"]`, with `API_KEY` in the environment of `skep up`, or in a file that only you may read, named with `--env-file`. Nobody else gets it: what `env` does not name, no program sees. A value in the swarm file (`{ API_KEY = "…" }`) is shown in no output and no error. skep writes neither into a log, a database or a command line; what a program prints itself is in its log all the same. Do not put a key among the words of a `command`: everybody on the machine sees those. `SKEP_TOKEN` proves the name of an agent while its swarm runs; of it only a hash is stored. Of `notify.webhook` nothing is shown but its host: what stands before and behind that may be a password or a token.',
    "A file for `--env-file` has lines `NAME=value`, with quotes where a value has spaces or a `#`; nothing in it is expanded. `BUN_…` and `NODE_OPTIONS` are refused there, for they change how skep itself runs, and are never passed on to agents: a swarm file can only set them. What is wrong in it is told with its line, and `skep config show` says of what holds on which line it is. When every user of the machine can read a file that holds more than settings, skep says so.",
    "## Other variables",
    table(
      ["variable", "default", "range", "unit", "what it is for"],
      Object.entries(plainVariables).map(variableRow),
    ),
    "## The names of the original system",
    'Its variables (`CFN_…`) are heeded where there is something that corresponds, with their units: `CFN_HEALTH_TIMEOUT=30` is `agents.suspect_after = "30s"`. skep\'s own name goes before it. `CFN_BASE_DIR` is `SKEP_HOME`. The others are told of in a warning, and have no effect:',
    table(
      ["variable", "default there", "unit", "range", "why it has no effect"],
      forgone.map(({ name, usual, unit, range, why }) => [`\`${name}\``, usual, unit, range, why]),
    ),
  ].join("\n\n");
}

function purposeOf({ setting: { purpose } }: NamedSetting): string {
  return purpose.replace(/\.$/, "");
}

function variableRow([name, about]: [string, PlainVariable]): string[] {
  return [`\`${name}\``, about.usual, about.range, about.unit, about.purpose];
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, headings.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

if (import.meta.main) {
  writeFileSync(page, `${configurationPage()}\n`);
  Bun.spawnSync([process.execPath, "fmt", page]);
}
