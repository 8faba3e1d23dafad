// `skep version`, and `skep --version`.
import { version } from "../../../package.json" with { type: "json" };
import { defineCommand } from "../command.ts";

export default defineCommand({
  name: "version",
  summary: "say which skep this is",
  args: {},
  async run(context) {
    const platform = `${process.platform}-${process.arch}`;
    const { bun = null, deno = null } = process.versions;
    // The other two say that they are some Node as well.
    const node = bun === null && deno === null ? process.versions.node : null;
    if (context.json) return context.data(JSON.stringify({ version, bun, deno, node, platform }));
    const runtime = bun !== null ? `bun ${bun}` : deno !== null ? `deno ${deno}` : `node ${node}`;
    return context.data(`skep ${version} (${runtime}, ${platform})`);
  },
});
