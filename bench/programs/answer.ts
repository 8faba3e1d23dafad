// The same as a function.
export function handle(): string {
  return "done";
}
