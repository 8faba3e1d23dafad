// A receiver of OTLP on the loopback, which answers as a test wants it to.
import { afterEach } from "bun:test";
import { type ReadRequest, readOtlp } from "./otlp-reader.ts";

export interface Received extends ReadRequest {
  headers: Record<string, string>;
  path: string;
}

export interface OtlpReceiver {
  /** Where it takes metrics. */
  url: string;
  /** What it was sent, the first first, and what of that was nothing by the protocol. */
  received: Received[];
  wrong: unknown[];
  /** How it answers from now on, until it is told something else. */
  answer: (request: Request) => Response | Promise<Response>;
}

/** A function that opens one. To be called where tests are declared. */
export function otlpReceivers(): () => OtlpReceiver {
  const open: { stop(force: boolean): unknown }[] = [];
  afterEach(() => {
    for (const server of open.splice(0)) void server.stop(true);
  });
  return () => {
    const receiver: OtlpReceiver = { url: "", received: [], wrong: [], answer: taken };
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        try {
          const read = readOtlp(await request.text());
          const headers = Object.fromEntries(request.headers);
          receiver.received.push({ ...read, headers, path: new URL(request.url).pathname });
        } catch (error) {
          receiver.wrong.push(error);
        }
        return receiver.answer(request);
      },
    });
    open.push(server);
    receiver.url = `http://127.0.0.1:${server.port}/v1/metrics`;
    return receiver;
  };
}

/** All of it was taken. */
export const taken = () => Response.json({});
