// Bytes as they come from a pipe, cut into lines of text.

export interface Lines {
  add(chunk: Uint8Array): void;
  /** Hands over what came after the last line end, if anything did. */
  end(): void;
}

/**
 * Hands each line of what is added to `onLine`, without its end; undefined for a line longer than `bytesMax`, of
 * which nothing is kept. Bytes that are not UTF-8 come as U+FFFD.
 */
export function splitLines(bytesMax: number, onLine: (line: string | undefined) => void): Lines {
  let begun: Uint8Array[] = [];
  let bytes = 0;
  const add = (part: Uint8Array) => {
    bytes += part.length;
    if (bytes > bytesMax) begun = [];
    else if (part.length > 0) begun.push(part);
  };
  const finish = () => {
    const line = bytes > bytesMax ? undefined : Buffer.concat(begun).toString("utf8");
    begun = [];
    bytes = 0;
    onLine(line);
  };
  return {
    add(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        add(chunk.subarray(start, end));
        finish();
        start = end + 1;
      }
      add(chunk.subarray(start));
    },
    end() {
      if (bytes > 0) finish();
    },
  };
}
