// Alerts where there is no room to write them down.
import { describe, expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { jsonLines } from "./json.ts";
import { places } from "./place.ts";
import { mayMount, smallDisk } from "./small-disk.ts";

const place = places();

interface Told {
  rule: string;
  state: string;
}

describe.skipIf(!mayMount())("a full disk", () => {
  test("is told of at once, and written down when there is room again", async () => {
    const { skep, start, fill, room, bytesOf } = await smallDisk(place());
    await skep(["send", "a", "x"]);
    // Nobody watches before this is there, and a full disk makes nothing new.
    expect(await skep(["alerts"])).toMatchObject({ status: 0, stderr: "nothing is wrong\n" });
    const sets = ["alerts.evaluate_every=50ms", "alerts.disk_free_min=500000"];
    const words = sets.flatMap((set) => ["--set", set]);
    const watching = start(["alerts", "watch", "--json", ...words]);
    await waitUntil("it has begun to look", () => bytesOf("vitals.db-wal") > 0);
    await fill();
    const told = () =>
      // The last line may still be on its way.
      jsonLines<Told>(watching.said().replace(/[^\n]*$/, ""))
        .filter(({ rule }) => rule === "disk-low")
        .map(({ state }) => state);
    await waitUntil("it is told", () => told().join() === "firing");
    room();
    await waitUntil("it is over", () => told().join() === "firing,resolved");
    const rows = async () =>
      jsonLines<Told>((await skep(["alerts", "history", "--json"])).stdout).filter(
        ({ rule }) => rule === "disk-low",
      );
    await waitUntil("it is written", async () => (await rows()).length > 0);
    expect(await rows()).toMatchObject([{ state: "resolved" }]);
    watching.kill("SIGTERM");
    await watching.ended;
  });
});
