import { expect, test } from "bun:test";
import { stateFrom, tale, textsOf } from "../tale.ts";
import { findDamage } from "./shape.ts";

test("a database that is whole is fine, and any damage is told, also that of a power cut", () => {
  expect(findDamage(tale([]))).toEqual([]);
  const damage = ["row 3 missing from index"];
  expect(textsOf(findDamage(tale([], { damage })))).toEqual(damage);
  const cut = stateFrom({ damage });
  expect(textsOf(findDamage(tale([], {}, { cut })))).toEqual([`after a power cut: ${damage[0]}`]);
});
