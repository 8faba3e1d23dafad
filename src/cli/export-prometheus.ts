// `skep export prometheus`: how everything stands, as Prometheus reads it.
import { readSnapshot } from "../app/exposition.ts";
import { type ExpositionFormat, expositionText } from "../export/exposition.ts";
import { familiesOf } from "../export/prometheus.ts";
import type { Context } from "./context.ts";
import { open } from "./open.ts";

/** Prints all there is to be told, in `format`. */
export async function printExposition(context: Context, format: ExpositionFormat): Promise<void> {
  const app = await open(context);
  const text = expositionText(familiesOf(await readSnapshot(app)), format);
  await context.data(text.trimEnd());
}
