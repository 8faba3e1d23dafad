// Which SQLite engines may be trusted with a write-ahead log shared by many processes.

/**
 * Whether SQLite `version` ("3.54.1") has the fix of the WAL-reset bug, by which two connections that commit and
 * checkpoint at the same instant lose commits: fixed in 3.51.3, and in 3.50.7 and 3.44.6 of those lines;
 * 3.52.0 was withdrawn (facts of the design, section 4).
 */
export function hasWalResetFix(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  if (major !== 3) return major > 3;
  if (minor === 44) return patch >= 6;
  if (minor === 50) return patch >= 7;
  if (minor === 51) return patch >= 3;
  return minor >= 53;
}
