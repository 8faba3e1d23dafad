// What somebody at a terminal and the host of an agent tell each other: one JSON object to a line, through a socket.
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { WindowSize } from "./terminal.ts";

/** What somebody tells the host. Bytes are in base64. */
export type Typed = { keys: string } | { size: WindowSize };

/** What the host tells everybody: what the program prints, and last how it ended. */
export type Shown = { output: string } | { ended: string };

/** A line is not longer: what a terminal hands over at once is far below. */
export const attachLineBytesMax = 4 * 1024 * 1024;

// What the kernel takes for the path of a socket is 104 to 108 bytes, one of them for its end.
const pathBytesMax = 103;

/** Where the host of the agent `name` listens. */
export function attachPath(home: string, name: string): string {
  const path = join(home, "run", `${name}.sock`);
  if (Buffer.byteLength(path) <= pathBytesMax) return path;
  const short = createHash("sha256").update(name).digest("hex").slice(0, 12);
  return join(home, "run", `${short}.sock`);
}

/** `told` as a line, with its end. */
export function attachLine(told: Typed | Shown): string {
  return `${JSON.stringify(told)}\n`;
}

/** `bytes` as they stand in a line. */
export function encoded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** The bytes that stand so in a line. */
export function decoded(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

/** What is typed on `line`; undefined when that is nothing. */
export function typedOn(line: string | undefined): Typed | undefined {
  const { keys, size } = objectOn(line);
  if (typeof keys === "string") return { keys };
  const { columns, rows } = (size ?? {}) as Partial<WindowSize>;
  return isLength(columns) && isLength(rows) ? { size: { columns, rows } } : undefined;
}

/** What is shown on `line`; undefined when that is nothing. */
export function shownOn(line: string | undefined): Shown | undefined {
  const { output, ended } = objectOn(line);
  if (typeof output === "string") return { output };
  return typeof ended === "string" ? { ended } : undefined;
}

function objectOn(line = ""): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isLength(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 10_000;
}
