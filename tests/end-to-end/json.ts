// What the executable prints, as values.

/** A delivery as `recv` and `peek` print it. */
export interface Line {
  id: number;
  receipt: string;
  from: string | null;
  to: string;
  type: string | null;
  body: string | null;
  body_b64: string | null;
  priority: number;
  attempt: number;
  sent_at: number;
  lease_until: number;
  thread: string | null;
  reply_to: string | null;
}

/** The keys of such a line, in order (design, section 6). */
export const deliveryKeys = [
  "id",
  "receipt",
  "from",
  "to",
  "type",
  "body",
  "body_b64",
  "priority",
  "attempt",
  "sent_at",
  "lease_until",
  "thread",
  "reply_to",
];

/** The lines of `text` as JSON values; every line has to be one, and to end. */
export function jsonLines<Value = Line>(text: string): Value[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw new Error(`the last line does not end: ${text}`);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line) as Value);
}

export interface Failure {
  code: string;
  message: string;
  hint: string | null;
  retry_after_ms: number | null;
  /** Only where a configuration is wrong. */
  mistakes?: { file: string | null; line: number | null; key: string; message: string }[];
}

/** The error in `text`, which has to be one line of the shape that the design gives and nothing else. */
export function failureIn(text: string): Failure {
  const [only, ...others] = jsonLines<{ error: Failure }>(text);
  const keys = Object.keys(only?.error ?? {}).join(" ");
  if (others.length > 0 || !/^code message hint retry_after_ms( mistakes)?$/.test(keys))
    throw new Error(`not one error line: ${text}`);
  return only!.error;
}
