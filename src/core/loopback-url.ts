// Which URLs skep itself calls: those of this machine, and others only where somebody allowed it. Pure.
import { SkepError } from "./errors.ts";

/** How far a call may go. */
export interface Reach {
  /** Whether other machines may be called. */
  remote: boolean;
  /** The setting that says so, for the hint. */
  allowedBy: string;
}

/** Why a URL is not called, as the end of a sentence about it, and what to do. */
export interface Unfit {
  what: string;
  hint: string;
}

/** `text` as a URL that may be called. E_USAGE when it is none, or leads further than `reach`; what it says is not repeated, for a path may be a secret. */
export function callableUrl(text: string, reach: Reach): URL {
  const unfit = unfitUrl(text, reach);
  if (unfit === undefined) return new URL(text);
  throw new SkepError("E_USAGE", `the URL to call ${unfit.what}`, { hint: unfit.hint });
}

/** What is wrong with `text` as a URL to call; undefined when it may be called. */
export function unfitUrl(text: string, { remote, allowedBy }: Reach): Unfit | undefined {
  if (!URL.canParse(text))
    return { what: "is no URL", hint: "Write all of it, such as http://127.0.0.1:4318/here." };
  const { protocol, username, password, hostname } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:")
    return { what: `begins with ${protocol}`, hint: "Only http:// and https:// are called." };
  // It would be shown wherever the URL is.
  if (username !== "" || password !== "")
    return { what: "has a user or a password in it", hint: "Say who calls in a header instead." };
  if (remote || isLoopback(hostname)) return undefined;
  return {
    what: `leads to ${hostname}, which is another machine`,
    hint: `Only 127.0.0.1, [::1] and localhost are called, unless ${allowedBy} says otherwise.`,
  };
}

// As a URL has it once it is parsed: 127.1 and 0x7f000001 are 127.0.0.1 there, and letters are small. Of other names
// nobody knows where they lead today, also when they end in .localhost.
function isLoopback(hostname: string): boolean {
  return /^127(?:\.\d{1,3}){3}$|^\[::1\]$|^localhost$/.test(hostname);
}
