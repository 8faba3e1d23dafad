// `skep version`, and `skep --version`.
import { version } from "../../../package.json" with { type: "json" };
import { defineCommand } from "../command.ts";

export default defineCommand({
  name: "version",
  summary: "say which skep this is",
  args: {},
  async run(context) {
    const platform = `${process.platform}-${process.arch}`;
    const bun = process.versions.bun;
    if (context.json) await context.data(JSON.stringify({ version, bun, platform }));
    else await context.data(`skep ${version} (bun ${bun}, ${platform})`);
  },
});
