// Looking up a name that is said to be this machine's own.
import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { isLoopbackAddress } from "./loopback.ts";

/** The code of the error for a name that leads to another machine. */
export const leadsElsewhere = "E_LEADS_ELSEWHERE";

/** What looks up names with `look`, and finds nobody where one of the addresses is another machine's: whoever connects does so to what was judged. */
export function lookUpHere(look: typeof lookup = lookup): LookupFunction {
  return (host, options, found) => {
    look(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return found(error, "");
      const other = addresses.find(({ address }) => !isLoopbackAddress(address));
      if (other !== undefined) {
        const fault = new Error(`leads to ${other.address}, which is not this machine`);
        return found(Object.assign(fault, { code: leadsElsewhere }), "");
      }
      if (options.all) return found(null, addresses);
      return found(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}
