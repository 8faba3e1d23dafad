// Whether people can be told of alerts in the ways that are set.
import { type Finding, pass, warn } from "./finding.ts";

/** What is to tell people, with what it uses, or why it cannot. */
export interface Telling {
  name: string;
  uses: string;
  why: string | null;
}

/** A finding for each of `tellings`; none where nobody set any. */
export function judgeTellings(tellings: readonly Telling[]): Finding[] {
  return tellings.map(({ name, uses, why }) =>
    why === null
      ? pass("alerts", `told by ${name}: ${uses}`)
      : warn("alerts", `not told by ${name}: ${why}`, `Change notify.${name}, or take it out.`),
  );
}
