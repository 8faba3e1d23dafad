// The end of what a process wrote: enough to say why it failed.

export interface Tail {
  add(chunk: Uint8Array): void;
  /** What was kept, as text without blanks around it; empty when nothing was added. */
  text(): string;
  /** What was kept, as it came. */
  bytes(): Uint8Array;
}

/** Keeps the last `bytesMax` bytes of what is added. */
export function keepTail(bytesMax: number): Tail {
  let kept = Buffer.alloc(0);
  return {
    add(chunk) {
      const whole = chunk.length < bytesMax ? [kept, chunk] : [chunk.subarray(-bytesMax)];
      // A copy, so that a few bytes do not keep the whole chunk they came in.
      kept = Buffer.concat([Buffer.concat(whole).subarray(-bytesMax)]);
    },
    text: () => kept.toString("utf8").trim(),
    bytes: () => kept,
  };
}
