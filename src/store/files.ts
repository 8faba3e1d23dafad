// The databases of a home: what each is called, where its writers queue, and what is in it.
import type { Migration } from "./migrate.ts";
import { migrations, vitalsMigrations } from "./migrations.ts";

export interface StoreFile {
  /** Its name in the home. */
  name: string;
  /** The name of the file that its writers queue at. */
  lockName: string;
  /** The name of the file that says how far it had come; undefined where nothing is lost with it. */
  markName?: string;
  migrations: readonly Migration[];
  /** Whether nothing is lost with it: it may be deleted at any time, and is then made again. */
  disposable: boolean;
}

/** Messages and agents: all that must not be lost. */
export const busFile: StoreFile = {
  name: "bus.db",
  lockName: "write.lock",
  markName: "bus.mark",
  migrations,
  disposable: false,
};

/** Signs of life and metrics: written all the time, so that they have to stay out of the way of the messages. */
export const vitalsFile: StoreFile = {
  name: "vitals.db",
  lockName: "vitals.lock",
  migrations: vitalsMigrations,
  disposable: true,
};
