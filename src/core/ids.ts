// Random words: what must be hard to guess or to meet twice.

/** 32 random bits as an unsigned whole number. */
export function randomNonce(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** `bytes` random bytes in hexadecimal. */
export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
