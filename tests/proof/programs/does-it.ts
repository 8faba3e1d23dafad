// Does what it is asked for at once.
export function handle(): string {
  return "done";
}
