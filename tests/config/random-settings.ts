// Random settings that fit, for property tests.
import fc from "fast-check";
import { type NamedSetting, allSettings } from "../../src/config/setting-names.ts";
import { writeDuration } from "../../src/core/durations.ts";

/** A value as a file has it: numbers as numbers, everything else as text. */
export type Written = Readonly<Record<string, number | string>>;

/** Any choice of settings, each by its key; between two of them no rule is broken. */
export const anySettings: fc.Arbitrary<Written> = fc
  .record(Object.fromEntries(allSettings.map((named) => [named.key, anyValue(named)])), {
    requiredKeys: [],
  })
  .map(mended);

/** What the text of a variable or a flag says of a value. */
export function textOf(value: number | string): string {
  return String(value);
}

function anyValue({ setting }: NamedSetting): fc.Arbitrary<number | string> {
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
function mended(written: Record<string, number | string | undefined>): Written {
  const bound = ["backoff_min", "backoff_max", "body_bytes_max", "inbox_bytes", "beat_every"];
  return Object.fromEntries(
    Object.entries(written).filter(([key]) => !bound.includes(key.split(".").at(-1)!)),
  ) as Written;
}
