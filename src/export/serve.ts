// Serve: what is exported to Prometheus, over HTTP, to this machine alone.
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { elapsedMs, sleep } from "../core/clock.ts";
import { SkepError, isSkepError } from "../core/errors.ts";
import { type ExpositionFormat, type Family, contentTypes, expositionText } from "./exposition.ts";

const host = "127.0.0.1";
const connectionsMax = 16;
const requestMs = 5_000;

export interface Serving {
  port: number;
  close(): void;
}

/**
 * Answers GET /metrics at `port` of the loopback until it is closed; any free port for 0. `read` is asked at most once a second and
 * for a twentieth of the time, so that whoever asks often slows nobody down; `now` answers milliseconds. E_BUSY when the port is taken, E_USAGE when it may not be had.
 */
export async function serveMetrics(
  port: number,
  read: () => Promise<readonly Family[]>,
  now: () => number = elapsedMs,
): Promise<Serving> {
  const readings = atTimes(read, now);
  const server = createServer(
    { requestTimeout: requestMs, headersTimeout: requestMs },
    (request, response) => {
      void answer(readings, request, response);
    },
  );
  server.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(portFault(error, port)));
    server.listen(port, host, resolve);
  });
  server.on("error", () => {});
  // It is no reason for a process to stay.
  server.unref();
  return {
    port: (server.address() as { port: number }).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The text of what was read in each format, once somebody wanted it so. */
type Reading = { text: (format: ExpositionFormat) => string } | { fault: unknown };

/** What `read` answers or answered not long ago; one reading at a time, however many ask. */
function atTimes(
  read: () => Promise<readonly Family[]>,
  now: () => number,
): () => Promise<Reading> {
  let current: Promise<Reading> | undefined;
  let freshUntilMs = Number.NEGATIVE_INFINITY;
  const begin = async (): Promise<Reading> => {
    const startMs = now();
    let reading: Reading;
    try {
      const families = await read();
      // What was read may have taken its time, and so does writing it down: others have their turn in between.
      await sleep(0);
      reading = { text: textsOf(families) };
    } catch (fault) {
      reading = { fault };
    }
    const endMs = now();
    freshUntilMs = endMs + Math.max(1_000, 20 * (endMs - startMs));
    return reading;
  };
  return () => {
    if (current === undefined || now() >= freshUntilMs) {
      freshUntilMs = Number.POSITIVE_INFINITY;
      current = begin();
    }
    return current;
  };
}

/** Made once, however often it is asked for. */
function textsOf(families: readonly Family[]): (format: ExpositionFormat) => string {
  const texts = new Map<ExpositionFormat, string>();
  return (format) => {
    const text = texts.get(format) ?? expositionText(families, format);
    texts.set(format, text);
    return text;
  };
}

async function answer(
  read: () => Promise<Reading>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = refusalOf(request);
  if (refusal !== undefined) return end(response, ...refusal);
  const reading = await read();
  // Whatever goes wrong here is for whoever asked, and stops nothing else.
  if ("fault" in reading) {
    const { fault } = reading;
    return end(response, 503, isSkepError(fault) ? fault.message : "an unexpected fault");
  }
  const format = formatFor(request.headers.accept ?? "");
  response.writeHead(200, { "content-type": contentTypes[format], "cache-control": "no-store" });
  response.end(reading.text(format));
}

/** OpenMetrics for whoever names it. */
export function formatFor(accept: string): ExpositionFormat {
  const wanted = accept.split(",").map((part) => part.trim().toLowerCase());
  const open = wanted.some(
    (part) => part.startsWith("application/openmetrics-text") && !/;\s*q=0(?:\.0*)?$/.test(part),
  );
  return open ? "openmetrics" : "text";
}

function refusalOf({ method, url, headers }: IncomingMessage): [number, string] | undefined {
  // A page from elsewhere that a browser shows could come here under a name of its own.
  if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/i.test(headers.host ?? ""))
    return [403, "ask for 127.0.0.1 or localhost"];
  if (url?.split("?")[0] !== "/metrics") return [404, "there is /metrics, and nothing else"];
  if (method !== "GET" && method !== "HEAD") return [405, "GET is all that can be done here"];
  return undefined;
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}

function portFault(error: NodeJS.ErrnoException, port: number): SkepError {
  const { code = error.message } = error;
  if (code === "EADDRINUSE")
    return new SkepError("E_BUSY", `port ${port} of ${host}, for metrics, is taken`, {
      hint: "Choose another one: --metrics-port, or metrics.port in skep.toml; 0 is for none.",
      cause: error,
    });
  return new SkepError(
    "E_USAGE",
    `port ${port} of ${host} is not to be had for metrics (${code})`,
    {
      hint: "Choose one above 1023: --metrics-port, or metrics.port in skep.toml; 0 is for none.",
      cause: error,
    },
  );
}
