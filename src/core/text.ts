// Text that is safe to show on a terminal, and bytes that may or may not be text.

let decoder: TextDecoder | undefined;
const encoder = new TextEncoder();

/** The UTF-8 text of `bytes`, or undefined when they are not valid UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
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

/** `text` with every control and invisible character shown as an escape, so that no message can drive a terminal. */
export function printable(text: string): string {
  // Controls, line separators, halves of surrogate pairs, and the format characters that reorder or hide what stands
  // beside them (marks of direction, zero widths, tags). Here and not above, for its tables take 1 MB.
  const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
  return text.replace(unsafe, (char) => {
    const code = char.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** `text` cut to `widthMax` characters, with `…` where something was left out. */
export function clip(text: string, widthMax: number): string {
  if (text.length <= widthMax) return text;
  // Not through the middle of a pair: half a character is none.
  return `${text.slice(0, widthMax - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
