// The umask of this process, for as long as something takes.

/** What `does` answers under that umask. */
export function withUmask<Answer>(mask: number, does: () => Answer): Answer {
  const before = process.umask(mask);
  try {
    return does();
  } finally {
    process.umask(before);
  }
}
