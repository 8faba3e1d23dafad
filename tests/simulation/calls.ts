// Calls that go on: what an agent is in the middle of while others do other things.
import assert from "node:assert/strict";
import { answerOf } from "../helpers/answer-of.ts";
import { type Agent, type Call, type World, waitsOn } from "./world.ts";

/** Has `agent` begin `work`, and lets it go on until it sleeps or is over. */
export async function begin<T>(
  { time }: World,
  agent: Agent,
  work: Promise<T>,
  answer: (result: T) => unknown,
): Promise<Call> {
  const call: Call = { answered: false, answer: undefined, fault: undefined, look: () => waitsOn };
  void answerOf(work, answer)
    .then(
      (result) => (call.answer = result),
      (fault: unknown) => (call.fault = fault),
    )
    .finally(() => (call.answered = true));
  agent.call = call;
  await rest(time.sleepers, agent, call);
  return call;
}

/** Lets `call` go on, and throws when it does not come to what the model says; forgets it when it is over. */
export async function goOn({ time }: World, agent: Agent, call: Call): Promise<void> {
  await rest(time.sleepers, agent, call);
  settle(agent, call);
}

/** Throws when `call` has not come to what the model says; forgets it when it is over. */
export function settle(agent: Agent, call: Call): unknown {
  if (call.fault !== undefined) throw call.fault;
  const expected = call.look();
  const came = call.answered ? call.answer : waitsOn;
  if (call.answered) agent.call = undefined;
  assert.deepEqual(came, expected, "a call comes to what it should");
  return came;
}

const turnsMax = 100_000;

async function rest(
  sleepers: readonly { who: string }[],
  { name }: Agent,
  call: Call,
): Promise<void> {
  // All that is awaited resolves at once, for the database is in memory and nobody rings.
  for (let turn = 0; !call.answered && !sleepers.some(({ who }) => who === name); turn++) {
    if (turn === turnsMax) throw new Error(`${name} neither sleeps nor comes to an end`);
    await Promise.resolve();
  }
}

// Some 50 agents, of which each looks a few times a second: it takes a bus that is broken to wake more often.
const wakesMax = 100_000;

/** Lets `ms` pass, and wakes whoever's time has come, one after the other; `check` is called after each. Throws when time gets nowhere for all the waking. */
export async function passTime(world: World, ms: number, check: () => void): Promise<void> {
  const { time } = world;
  const until = time.clock.tick() + ms;
  let wakes = 0;
  for (let one = time.nextBy(until); one !== undefined; one = time.nextBy(until)) {
    if (++wakes > wakesMax) throw new Error(`${one.who} wakes again and again within ${ms} ms`);
    time.pass(Math.max(0, one.untilTick - time.clock.tick()));
    const agent = world.agents.find(({ name }) => name === one.who)!;
    const call = agent.call!;
    one.wake();
    // What was awaited has to go on before it can be seen to sleep again.
    await goOn(world, agent, call);
    check();
  }
  time.pass(until - time.clock.tick());
}
