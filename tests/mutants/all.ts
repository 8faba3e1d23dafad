// All mutants that there are.
import { durable } from "./durable.ts";
import { logic } from "./logic.ts";
import { more } from "./more.ts";
import type { Mutant } from "./mutant.ts";
import { named } from "./named.ts";
import { rings } from "./rings.ts";

export const all: readonly Mutant[] = [...named, ...more, ...logic, ...durable, ...rings];
