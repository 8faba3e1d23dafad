// `skep config schema`: what editors need to help with a file of settings, or a swarm file.
import type * as v from "valibot";
import { jsonSchemaOf } from "../config/json-schema.ts";
import { settingsFile } from "../config/schema/settings.ts";
import { swarm } from "../config/schema/swarm.ts";
import { SkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import type { Context } from "./context.ts";

/** Prints the JSON Schema of `settings`, or of a `swarm` file. E_USAGE for anything else. */
export async function schema(context: Context, which = "settings"): Promise<void> {
  const schemas: Record<string, [v.GenericSchema, string]> = {
    settings: [settingsFile(), "skep.toml: the settings of a home"],
    swarm: [swarm, "A swarm file of skep"],
  };
  const found = Object.hasOwn(schemas, which) ? schemas[which] : undefined;
  if (found === undefined)
    throw new SkepError("E_USAGE", `there is no schema of ${JSON.stringify(which)}`, {
      hint: didYouMean(which, Object.keys(schemas)) ?? "skep config schema settings, or swarm.",
    });
  await context.data(JSON.stringify(jsonSchemaOf(...found), undefined, context.json ? 0 : 2));
}
