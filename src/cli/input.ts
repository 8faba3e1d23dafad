// Bodies and lines as bytes: from the command line, or from standard input.
import { fstatSync, readFileSync } from "node:fs";
import { SkepError } from "../core/errors.ts";
import { bytesOf, textOf } from "../core/text.ts";

/**
 * The bytes of `text`, or, when it is `-`, all of standard input; empty when that is empty. E_BODY for more than
 * `bytesMax`, or for a text whose bytes are lost because the command line was not UTF-8.
 */
export async function readBody(text: string, bytesMax: number): Promise<Uint8Array> {
  if (text !== "-") {
    if (text.includes("\ufffd") && textOf(commandLine()) === undefined)
      throw new SkepError("E_BODY", "the body is not UTF-8 text, so its bytes do not get here", {
        hint: "Pass it on standard input: skep send TO - < FILE.",
      });
    return bytesOf(text);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of standardInput()) {
    bytes += chunk.length;
    if (bytes > bytesMax)
      throw new SkepError("E_BODY", `the body on standard input is longer than ${bytesMax} bytes`, {
        hint: "Send it in parts, or raise bus.body_bytes_max in skep.toml.",
      });
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/**
 * The lines of standard input without their ends, as many at a time as have arrived, never none. A line longer than
 * `bytesMax` comes as undefined, so that it can be answered in its place. Ends early when `signal` aborts.
 */
export async function* readLines(
  bytesMax: number,
  signal?: AbortSignal,
): AsyncGenerator<(Uint8Array | undefined)[], void, void> {
  // The beginning of a line whose end has not come; undefined once it is too long to be kept.
  let begun: Uint8Array[] | undefined = [];
  let begunBytes = 0;
  const add = (part: Uint8Array) => {
    begunBytes += part.length;
    if (begunBytes > bytesMax) begun = undefined;
    else if (part.length > 0) begun?.push(part);
  };
  const finish = () => {
    const line = begun === undefined ? undefined : joined(begun);
    begun = [];
    begunBytes = 0;
    return line;
  };

  for await (const chunk of standardInput(signal)) {
    const lines: (Uint8Array | undefined)[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      add(chunk.subarray(start, end));
      lines.push(finish());
      start = end + 1;
    }
    add(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (begunBytes > 0 && !signal?.aborted) yield [finish()];
}

async function* standardInput(signal?: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  const stopped = new AbortController();
  try {
    const reader = openStandardInput().getReader();
    // Cancelling it makes the read that is under way answer that there is no more.
    const stop = () => void reader.cancel().catch(() => {});
    signal?.addEventListener("abort", stop, { once: true, signal: stopped.signal });
    while (!signal?.aborted) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new SkepError("E_USAGE", `standard input cannot be read (${code})`, {
      hint: "Give it a file or a pipe to read from.",
    });
  } finally {
    stopped.abort();
  }
}

function openStandardInput(): ReadableStream<Uint8Array> {
  if (process.versions.bun !== undefined) return Bun.stdin.stream();
  // Node takes a directory for an empty file.
  if (fstatSync(0).isDirectory()) throw Object.assign(new Error("a directory"), { code: "EISDIR" });
  const { Readable } = process.getBuiltinModule("node:stream");
  return Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function commandLine(): Uint8Array {
  try {
    return readFileSync("/proc/self/cmdline");
  } catch {
    return new Uint8Array();
  }
}
