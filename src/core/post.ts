// Post: a body over HTTP, once, and what was answered. No redirect is followed and no proxy asked, so that it goes where
// the URL says and nowhere else.
import type { IncomingMessage, RequestOptions } from "node:http";
import { lookUpHere } from "./look-up-here.ts";
import { isLoopback } from "./loopback.ts";

export interface Post {
  /** Http or https. */
  url: URL;
  /** Beside its length. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** How much of what comes with the answer is wanted, in bytes; 64 KiB where it does not say. */
  textMax?: number;
}

export interface Answer {
  status: number;
  /** What the header Retry-After says; undefined where there is none. */
  retryAfter: string | undefined;
  /** What came with it, as much as was wanted. */
  text: string;
}

const usualTextMax = 65_536;

/** The answer to `post`; `signal` ends it, and it rejects with its reason. Rejects with an error of the system when nobody answers, and with `leadsElsewhere` as its code when a name of this machine leads to another. */
export async function send(
  { url, headers, body, textMax = usualTextMax }: Post,
  signal: AbortSignal,
): Promise<Answer> {
  // Not by fetch, which hands what is for this machine to a proxy that the environment names.
  const { request } = await (url.protocol === "https:"
    ? import("node:https")
    : import("node:http"));
  const options: RequestOptions = {
    method: "POST",
    // A connection that is kept would be one more thing to end.
    agent: false,
    headers: { ...headers, "content-length": Buffer.byteLength(body), connection: "close" },
    ...(isLoopback(url.hostname) && { lookup: lookUpHere() }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let isAnswered = false;
  const sending = request(url, options, (response) => {
    isAnswered = true;
    readText(response, textMax).then((text) => {
      const { statusCode = 0, headers: said } = response;
      resolve({ status: statusCode, retryAfter: said["retry-after"], text });
      response.destroy();
    }, reject);
  });
  // To go on in another protocol is an answer, too. Where nobody listens for it the connection is closed without a word.
  sending.on("upgrade", ({ statusCode = 0 }, socket) => {
    resolve({ status: statusCode, retryAfter: undefined, text: "" });
    socket.destroy();
  });
  sending.on("error", reject);
  sending.on("close", () => {
    if (!isAnswered) reject(new Error("the connection was closed without an answer"));
  });
  const end = () => {
    sending.destroy();
    reject(signal.reason);
  };
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  else sending.end(body);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function readText(response: IncomingMessage, textMax: number): Promise<string> {
  if (textMax === 0) return "";
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length >= textMax) break;
  }
  return Buffer.concat(parts).subarray(0, textMax).toString();
}
