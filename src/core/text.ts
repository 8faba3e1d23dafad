// Text that is safe to show on a terminal, and bytes that may or may not be text.

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The UTF-8 text of `bytes`, or undefined when they are not valid UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The UTF-8 bytes of `text`. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

// C0 and C1 controls, and the characters that reorder or hide what stands beside them.
// oxlint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** `text` with every control and invisible character shown as an escape, so that no message can drive a terminal. */
export function printable(text: string): string {
  return text.replace(unsafe, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `text` cut to `widthMax` characters, with `…` where something was left out. */
export function clip(text: string, widthMax: number): string {
  return text.length <= widthMax ? text : `${text.slice(0, widthMax - 1)}…`;
}
