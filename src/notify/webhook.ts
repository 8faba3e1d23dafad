// Tells a web server: posts the notice as JSON to one address, and follows nobody who sends it elsewhere.
import { sleep } from "../core/clock.ts";
import { writeDuration } from "../core/durations.ts";
import { SkepError } from "../core/errors.ts";
import { leadsElsewhere } from "../core/look-up-here.ts";
import { send } from "../core/post.ts";

export interface Post {
  /** Http or https. */
  address: string;
  body: string;
  /** Of each try. */
  timeoutMs: number;
  /** How long to wait before each further try. */
  retryAfterMs?: readonly number[] | undefined;
}

const usualRetries = [1_000, 4_000];

/**
 * Posts it, again when nobody answered, or that it cannot be taken now (429, 5xx). E_FAILED when it was not taken in the end; what is
 * said then has no more of the address than its host.
 */
export async function postNotice(post: Post, signal: AbortSignal): Promise<void> {
  const retries = [...(post.retryAfterMs ?? usualRetries)];
  for (;;) {
    const fault = await tryOnce(post, signal);
    if (fault === undefined) return;
    const restMs = fault.again ? retries.shift() : undefined;
    if (restMs !== undefined) await sleep(restMs, signal);
    if (restMs === undefined || signal.aborted)
      throw new SkepError("E_FAILED", `${new URL(post.address).origin} ${fault.what}`, {
        hint: fault.detail,
      });
  }
}

/** Why a try did not work, and whether the next one may. */
interface Fault {
  what: string;
  detail?: string | undefined;
  again: boolean;
}

async function tryOnce(post: Post, signal: AbortSignal): Promise<Fault | undefined> {
  const { address, body, timeoutMs } = post;
  const headers = { "content-type": "application/json", "user-agent": "skep" };
  const late = AbortSignal.timeout(timeoutMs);
  const until = AbortSignal.any([signal, late]);
  try {
    // Whatever it says besides, nobody reads it.
    const { status } = await send({ url: new URL(address), headers, body, textMax: 0 }, until);
    return judge(status);
  } catch (error) {
    if (signal.aborted) return { what: "was being told when skep ended", again: false };
    if (late.aborted)
      return { what: `did not answer within ${writeDuration(timeoutMs)}`, again: true };
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === leadsElsewhere) return { what: message, again: false };
    return { what: "cannot be reached", detail: code ?? message, again: true };
  }
}

function judge(status: number): Fault | undefined {
  if (status >= 200 && status < 300) return undefined;
  const again = status === 429 || status >= 500;
  const detail =
    status >= 300 && status < 400 ? "Name the address that it leads to instead." : undefined;
  return { what: `answered with ${status}`, detail, again };
}
