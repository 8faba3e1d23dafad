// Waiting for something to become true, instead of sleeping and hoping.

/**
 * Resolves with the first answer of `condition` that is none of undefined, null and false, asked every 5 ms; an error
 * naming `what` when there is none within `timeoutMs`.
 */
export async function waitUntil<Answer>(
  what: string,
  condition: () => Answer | Promise<Answer>,
  timeoutMs = 100_000,
): Promise<Exclude<Answer, undefined | null | false>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer !== undefined && answer !== null && answer !== false)
      return answer as Exclude<Answer, undefined | null | false>;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
