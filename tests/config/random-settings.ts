// Random settings that fit, for property tests.
import fc from "fast-check";
import { type NamedSetting, allSettings } from "../../src/config/setting-names.ts";
import type { SettingValue } from "../../src/config/schema/setting.ts";
import { writeDuration } from "../../src/core/durations.ts";

/** A value as a file has it: durations as text, everything else as it is. */
export type Written = Readonly<Record<string, SettingValue>>;

const anyWords = {
  program: fc.oneof(
    fc.constant([]),
    fc.tuple(fc.constant("./tell me"), fc.constantFrom("", "#", "'\"\\", "a = b", "ä")),
  ),
  hosts: fc.subarray(["hooks.example.com", "10.0.0.1", "[fe80::1]"]),
  headers: fc.subarray(["x-api-key: 47#11", 'authorization:Basic "a=b\'"']),
};

/** Any choice of settings, each by its key; between two of them no rule is broken. */
export const anySettings: fc.Arbitrary<Written> = fc
  .record(Object.fromEntries(allSettings.map((named) => [named.key, anyValue(named)])), {
    requiredKeys: [],
  })
  .map(mended);

/** What the text of a variable or a flag says of a value. */
export function textOf(value: SettingValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function anyValue({ setting }: NamedSetting): fc.Arbitrary<SettingValue> {
  if (setting.kind === "flag") return fc.boolean();
  if (setting.kind === "address") return fc.constantFrom("none", "http://u:p@localhost:9/a?b=c#d");
  if (setting.kind === "words") return anyWords[setting.form];
  if (setting.kind === "choice") return fc.constantFrom(...setting.options);
  const { least, most } = setting;
  const number = fc.oneof(
    fc.constantFrom(least, most, setting.usual),
    fc.integer({ min: least, max: most }),
    fc.integer({ min: least, max: Math.min(most, least + 100_000) }),
  );
  return setting.kind === "whole" ? number : number.map(writeDuration);
}

/** Without those of which one has to be less than another: whether it is, is for other tests. */
function mended(written: Record<string, SettingValue | undefined>): Written {
  const bound = [
    "backoff_min",
    "backoff_max",
    "body_bytes_max",
    "inbox_bytes",
    "beat_every",
  ].concat(["load", "pressure", "memory"].flatMap((sign) => [`${sign}_low`, `${sign}_high`]));
  return Object.fromEntries(
    Object.entries(written).filter(([key]) => !bound.includes(key.split(".").at(-1)!)),
  ) as Written;
}
