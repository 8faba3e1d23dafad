// `skep init`: a home in this directory, with a file in which every setting is a remark.
import { relative } from "node:path";
import { writeSettingsFile } from "../../config/write-settings.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "init",
  summary: "make a home for a swarm in this directory",
  notes: [
    "Other commands find it from here and from every directory below. It has a skep.toml in which every setting",
    "stands as a remark, with what it is for. What is there already is left as it is.",
  ],
  args: {},
  createsHome: "here",
  async run(context) {
    const app = await open(context);
    const written = writeSettingsFile(app.home);
    await context.data(JSON.stringify({ home: app.home }));
    context.say(
      written === undefined
        ? "settings: there was a file of them, and it is left as it was"
        : `settings: ${written}`,
    );
    // From elsewhere the home has to be named.
    const isHere = relative(process.cwd(), app.home) === ".skep";
    const skep = isHere ? "skep" : `skep --home ${app.home}`;
    context.say(`try: ${skep} send a1 hello && ${skep} recv a1`);
  },
});
