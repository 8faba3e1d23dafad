// A draft as one JSON line, in `send --batch` and from a stream program.
import { SkepError } from "../core/errors.ts";
import { nearest } from "../core/names.ts";
import { bytesOf } from "../core/text.ts";
import type { Draft } from "./message.ts";

const keys = [
  "to",
  "body",
  "body_b64",
  "type",
  "priority",
  "thread",
  "reply_to",
  "delay_ms",
  "ttl_ms",
  "key",
];

/** The draft that the JSON `value` describes: `to`, `body` or `body_b64`, and what else a send takes; E_USAGE when it describes none. */
export function draftOf(value: unknown): Draft {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong("a message is a JSON object");
  const given = value as Record<string, unknown>;
  for (const key of Object.keys(given)) {
    if (!keys.includes(key))
      throw wrong(`a message has no ${JSON.stringify(key)}`, nearest(key, keys));
  }
  if (typeof given["to"] !== "string") throw wrong("a message needs a text in to");
  return {
    to: given["to"],
    body: bodyOf(given),
    type: text(given, "type"),
    thread: text(given, "thread"),
    replyTo: text(given, "reply_to"),
    priority: number(given, "priority"),
    delayMs: number(given, "delay_ms"),
    ttlMs: number(given, "ttl_ms"),
    key: text(given, "key"),
  };
}

/** The draft on one line of JSON. E_USAGE when it is not JSON or describes no message. */
export function parseDraftLine(line: string): Draft {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw wrong(`not a line of JSON: ${line.length > 60 ? `${line.slice(0, 57)}...` : line}`);
  }
  return draftOf(value);
}

function bodyOf(given: Record<string, unknown>): Uint8Array {
  const { body, body_b64: base64 } = given;
  if (body != null && base64 != null) throw wrong("a message has either body or body_b64");
  if (typeof body === "string") return bytesOf(wellFormed(body, "body"));
  if (typeof base64 !== "string") throw wrong("a message needs a text in body or in body_b64");
  // Buffer skips what is not base64; a message must not arrive as other bytes than were meant.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0)
    throw wrong("body_b64 is not base64");
  return Buffer.from(base64, "base64");
}

function text(given: Record<string, unknown>, key: string): string | undefined {
  const value = given[key];
  if (value == null) return undefined;
  if (typeof value !== "string") throw wrong(`${key} has to be a text`);
  return wellFormed(value, key);
}

// Half of a surrogate pair is no character and would arrive as another one.
function wellFormed(value: string, key: string): string {
  if (value.isWellFormed()) return value;
  throw wrong(`${key} has half of a character in it`);
}

function number(given: Record<string, unknown>, key: string): number | undefined {
  const value = given[key];
  if (value == null) return undefined;
  if (typeof value !== "number") throw wrong(`${key} has to be a number`);
  return value;
}

function wrong(what: string, guess?: string): SkepError {
  return new SkepError("E_USAGE", what, {
    hint:
      guess === undefined
        ? `A message is a line like {"to":"a1","body":"text"}.`
        : `Did you mean ${guess}?`,
  });
}
