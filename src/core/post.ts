// Post: a body over HTTP, once, and what was answered. No redirect is followed and no proxy asked, so that it goes where
// the URL says and nowhere else.
import type { IncomingMessage, RequestOptions } from "node:http";

export interface Post {
  /** Http or https. */
  url: URL;
  /** Beside its length. */
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface Answer {
  status: number;
  /** What the header Retry-After says; undefined where there is none. */
  retryAfter: string | undefined;
  /** What came with it, up to 64 KiB. */
  text: string;
}

const textMax = 65_536;

/** The answer to `post`; `signal` ends it, and it rejects with its reason. Rejects with an error of the system when nobody answers. */
export async function send({ url, headers, body }: Post, signal: AbortSignal): Promise<Answer> {
  // Not by fetch, which hands what is for this machine to a proxy that the environment names.
  const { request } = await (url.protocol === "https:"
    ? import("node:https")
    : import("node:http"));
  const options: RequestOptions = {
    method: "POST",
    // A connection that is kept would be one more thing to end.
    agent: false,
    headers: { ...headers, "content-length": Buffer.byteLength(body), connection: "close" },
  };
  return await new Promise<Answer>((resolve, reject) => {
    const sending = request(url, options, (response) => {
      readText(response).then((text) => {
        const { statusCode = 0, headers: said } = response;
        resolve({ status: statusCode, retryAfter: said["retry-after"], text });
        response.destroy();
      }, reject);
    });
    const end = () => {
      sending.destroy();
      reject(signal.reason);
    };
    sending.on("error", reject);
    sending.on("close", () => signal.removeEventListener("abort", end));
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    else sending.end(body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length >= textMax) break;
  }
  return Buffer.concat(parts).subarray(0, textMax).toString();
}
