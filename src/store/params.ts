// What may be bound to a statement. A SQLite library turns values it cannot hold into others without a word.
import { SkepError } from "../core/errors.ts";
import type { Params } from "./store.ts";

const int64Max = 2n ** 63n - 1n;

/** Nothing when every one of `params` can be stored as it is; E_INTERNAL for undefined, NaN (both become NULL) and a bigint beyond 64 bits (becomes another number). */
export function checkParams(sql: string, params: Params): void {
  for (const name in params) {
    const value = params[name];
    // Only NaN is unequal to itself.
    // oxlint-disable-next-line no-self-compare
    if (value === undefined || value !== value || (typeof value === "bigint" && !fits(value)))
      throw new SkepError("E_INTERNAL", `${name} cannot be bound to ${value} in: ${sql}`);
  }
}

function fits(value: bigint): boolean {
  return value <= int64Max && value >= -int64Max - 1n;
}
