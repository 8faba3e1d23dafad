// Whatever can be set says the same in every place where it can be said.
import fc from "fast-check";
import { describe, expect, test } from "bun:test";
import { stringify as toToml } from "smol-toml";
import { stringify as toYaml } from "yaml";
import { type Choices, resolveSettings } from "../../src/config/resolve.ts";
import { allSettings } from "../../src/config/setting-names.ts";
import { literalOf, settingsText } from "../../src/config/settings-text.ts";
import { writeValue } from "../../src/config/setting-rules.ts";
import { flagVariables } from "../../src/config/environment.ts";
import { casesMs, casesOf, seed } from "../helpers/cases.ts";
import { type Written, anySettings, textOf } from "./random-settings.ts";

const languages: Record<string, (tree: object) => string> = {
  "skep.toml": toToml,
  "skep.yaml": toYaml,
  "skep.json": (tree) => JSON.stringify(tree),
};

function treeOf(written: Written): object {
  const tree: Record<string, unknown> = {};
  for (const { key, path, section } of allSettings) {
    const value = written[key];
    if (value === undefined) continue;
    if (section === null) tree[key] = value;
    else ((tree[section] ??= {}) as Record<string, unknown>)[path[1]!] = value;
  }
  return tree;
}

async function held(text: string | undefined, choices: Partial<Choices>, file = "skep.toml") {
  const source = text === undefined ? undefined : { file, bytes: Buffer.from(text) };
  const all = { variables: {}, flags: [], ...choices };
  const { settings, chosen, mistakes } = await resolveSettings(source, all);
  expect(mistakes).toEqual([]);
  return { settings, profile: chosen.get("profile")!.value };
}

const variablesOf = (written: Written) =>
  Object.fromEntries(
    allSettings
      .filter(({ key }) => written[key] !== undefined)
      .map(({ key, variable }) => [variable, textOf(written[key]!)]),
  );
const flagsOf = (written: Written) =>
  Object.entries(written).map(([key, value]) => `${key}=${textOf(value)}`);

describe("random settings that fit", () => {
  test(
    "hold alike from TOML, YAML and JSON, from variables and from flags",
    async () => {
      await fc.assert(
        fc.asyncProperty(anySettings, async (written) => {
          const flags = flagsOf(written);
          const wanted = await held(undefined, { flags });
          for (const [file, write] of Object.entries(languages))
            expect(await held(write(treeOf(written)), {}, file)).toEqual(wanted);
          const variables = variablesOf(written);
          expect(await held(undefined, { variables })).toEqual(wanted);
          expect(flagVariables(flags)).toEqual(variables);
          for (const { key, section, name } of allSettings)
            if (section !== null && written[key] !== undefined) {
              const value = (wanted.settings[section] as Record<string, unknown>)[name] as number;
              const named = allSettings.find((one) => one.key === key)!;
              expect(writeValue(named, value)).toBe(textOf(written[key]));
            }
        }),
        { numRuns: casesOf(200), seed },
      );
    },
    casesMs(60_000),
  );
  test(
    "hold when they are written down as what holds of all of them",
    async () => {
      await fc.assert(
        fc.asyncProperty(anySettings, async (written) => {
          const { chosen } = await resolveSettings(undefined, {
            variables: {},
            flags: flagsOf(written),
          });
          // What nobody chose follows others, also where nobody could choose it.
          const chosenOnes = allSettings.filter(({ key }) => key !== "agents.beat_every");
          const lines = chosenOnes.map((named) => [
            named.path.join("."),
            literalOf(named, chosen.get(named.key)!.value),
          ]);
          const text = lines.map(([key, literal]) => `${key} = ${literal}`).join("\n");
          expect((await held(text, {})).settings).toEqual(
            (await held(undefined, { flags: flagsOf(written) })).settings,
          );
        }),
        { numRuns: casesOf(100), seed },
      );
    },
    casesMs(60_000),
  );
});

test("the file that init writes says what is usual when its remarks are none", async () => {
  const text = settingsText({ remarks: true }).replaceAll(/^#(?! )/gm, "");
  const { settings } = await held(text, {});
  expect(settings).toEqual((await held(undefined, {})).settings);
});
