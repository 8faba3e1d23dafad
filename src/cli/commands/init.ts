// `skep init`: a home in this directory.
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "init",
  summary: "make a home for a swarm in this directory",
  notes: [
    "Other commands find it from here and from every directory below. Harmless when there is one.",
  ],
  args: {},
  createsHome: "here",
  async run(context) {
    const app = await open(context);
    await context.data(JSON.stringify({ home: app.home }));
    context.say("try: skep send a1 hello && skep recv a1");
  },
});
