// Bytes as they come from a pipe, cut into lines of text.

/**
 * A function that takes chunks and hands each whole line to `onLine`, without its end; undefined for a line longer than
 * `bytesMax`, of which nothing is kept. Bytes that are not UTF-8 come as U+FFFD.
 */
export function splitLines(
  bytesMax: number,
  onLine: (line: string | undefined) => void,
): (chunk: Uint8Array) => void {
  let begun: Uint8Array[] = [];
  let bytes = 0;
  const add = (part: Uint8Array) => {
    bytes += part.length;
    if (bytes > bytesMax) begun = [];
    else begun.push(part);
  };
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      add(chunk.subarray(start, end));
      onLine(bytes > bytesMax ? undefined : Buffer.concat(begun).toString("utf8"));
      begun = [];
      bytes = 0;
      start = end + 1;
    }
    add(chunk.subarray(start));
  };
}
