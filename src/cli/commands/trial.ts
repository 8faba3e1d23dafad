// `skep trial`: how a second process finds a database that the first one writes. The doctor calls it; people do not.
import { tryDatabase } from "../../doctor/locking.ts";
import { defineCommand } from "../command.ts";
import { runtimeDriver } from "../../app.ts";

export default defineCommand({
  name: "trial",
  summary: "try a database that another process writes",
  args: { path: { type: "positional", description: "the database" } },
  async run(context, { path }) {
    await context.data(JSON.stringify(tryDatabase(runtimeDriver, path)));
  },
});
