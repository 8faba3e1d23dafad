// Addresses: words like `@workers` that mean inboxes, and mean others for everybody who writes to them (see routes.ts).
import { SkepError } from "../core/errors.ts";
import { checkName, nearest } from "../core/names.ts";

const words = ["@peers", "@workers", "@coordinator"];
const team = "@team:";

/** Whether `to` is meant to be an address; no name of an inbox begins like one. */
export function isAddress(to: string): boolean {
  return to.startsWith("@");
}

/** Throws E_NAME when `to` is neither the name of an inbox nor an address that there is. */
export function checkRecipient(to: string): void {
  if (!isAddress(to)) checkName(to, "inbox");
  else if (to.startsWith(team)) checkName(to.slice(team.length), "team");
  else if (!words.includes(to)) throw noAddress(to);
}

function noAddress(to: string): SkepError {
  const shown = JSON.stringify(to.length > 80 ? `${to.slice(0, 77)}...` : to);
  const guess = nearest(to, words);
  return new SkepError("E_NAME", `${shown} is not an address`, {
    hint: `${guess === undefined ? "" : `Did you mean ${guess}? `}Addresses are ${words.join(", ")} and ${team}NAME.`,
  });
}
