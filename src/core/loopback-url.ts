// Which URLs skep itself calls: those of this machine, and of others only where somebody named the host. Pure.
import { SkepError } from "./errors.ts";
import { isLoopback } from "./loopback.ts";

/** How far a call may go. */
export interface Reach {
  /** The hosts besides this machine that may be called. */
  hosts: readonly string[];
  /** What goes there, and the setting that names those hosts, for the hint. */
  what: string;
  allowedBy: string;
}

/** Why a URL is not called, as the end of a sentence about it, and what to do. */
export interface Unfit {
  what: string;
  hint: string;
}

/** `text` as a URL that may be called. E_USAGE when it is none, or leads further than `reach`; what stands behind its host is not repeated, for that may be a secret. */
export function callableUrl(text: string, reach: Reach): URL {
  const unfit = unfitUrl(text, reach);
  if (unfit === undefined) return new URL(text);
  throw new SkepError("E_USAGE", `the address to call ${unfit.what}`, { hint: unfit.hint });
}

/** What is wrong with `text` as a URL to call; undefined when it may be called. */
export function unfitUrl(text: string, { hosts, what, allowedBy }: Reach): Unfit | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const hint = "Write http:// or https://, a host and a path: http://127.0.0.1:4318/v1/metrics";
    return { what: "is no address of a web server", hint };
  }
  const { hostname: host } = url;
  if (isLoopback(host) || hosts.includes(host)) return undefined;
  return {
    what: `names the host ${host}, which is not this machine`,
    hint: `If ${what} may go there: ${allowedBy} = ["${host}"]`,
  };
}
