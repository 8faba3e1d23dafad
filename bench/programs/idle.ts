// Does nothing until its stdin ends: what a process costs that only is there.
import { answer, orders } from "./parent.ts";

answer("ready");
for await (const _ of orders());
