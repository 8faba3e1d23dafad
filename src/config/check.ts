// Checks the settings somebody chose. Loaded only when there are any.
import { faultOf } from "./faults.ts";
import type { Source } from "./parse.ts";
import { type Choices, resolveSettings } from "./resolve.ts";
import type { Settings } from "./settings.ts";

/** The settings that hold in a home whose file is `source`; E_CONFIG for what does not fit. What has no effect is told to `warn`. */
export async function checkSettings(
  source: Source | undefined,
  choices: Choices,
  warn: (text: string) => void = () => {},
): Promise<Settings> {
  const { settings, mistakes, warnings } = await resolveSettings(source, choices);
  if (mistakes.length > 0) throw faultOf(mistakes, "the settings have");
  for (const warning of warnings) warn(warning);
  return settings;
}
