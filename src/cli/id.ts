// Ids as people type them.
import { SkepError } from "../core/errors.ts";

/** The id that `text` spells; E_USAGE, naming `what` it should be the id of, when it spells none. */
export function idOf(text: string, what: string): number {
  // Longer ones would not be exact.
  const id = /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0;
  if (id > 0) return id;
  throw new SkepError("E_USAGE", `${JSON.stringify(text.slice(0, 80))} is not the id of ${what}`);
}
