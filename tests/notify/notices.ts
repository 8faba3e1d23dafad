// Notices for tests, and a web server that takes them.
import type { Notice } from "../../src/notify/notice.ts";

/** An alert as it is told. */
export function notice(more: Partial<Notice> = {}): Notice {
  return {
    rule: "dead-letters",
    subject: "files",
    state: "firing",
    severity: "warning",
    value: 1,
    threshold: 0,
    unit: "deliveries",
    about: "a message was given up",
    at: 1_790_000_000_000,
    ...more,
  };
}

export interface Hook {
  address: string;
  /** The bodies that came, in order. */
  came: string[];
  /** What was told with each. */
  headers: Headers[];
  close(): Promise<void>;
}

/** A web server of this machine that answers each request with the next of `answers`, and from then on with the last; null hangs. */
export function openHook(...answers: (((request: Request) => Response) | null)[]): Hook {
  const came: string[] = [];
  const headers: Headers[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      came.push(await request.text());
      headers.push(request.headers);
      const answer = answers[Math.min(came.length, answers.length) - 1]!;
      return answer === null ? await new Promise<Response>(() => {}) : answer(request);
    },
  });
  return {
    address: `http://127.0.0.1:${server.port}/hook`,
    came,
    headers,
    close: () => server.stop(true),
  };
}

/** An answer with this status. */
export const status = (code: number) => () => new Response("what people read", { status: code });
