import assert from "node:assert/strict";
import { test } from "node:test";
import { Calls, Heard, sounds } from "../src/calls.ts";
import type { Alert, AlertEvent } from "../src/types.ts";
import { S, T, unit } from "./made.ts";

const at = (ms: number): string => new Date(ms).toISOString();

const event = (given: Partial<AlertEvent> = {}): AlertEvent => ({
  id: "s-1", alert_kind: "sos", device: "t-1", state: "raised", at: at(T), lon: 123.6, lat: -10.2, revision: 1,
  digest: false, quiet: false, ...given,
});

const alert = (given: Partial<Alert> = {}): Alert => ({
  id: "s-1", kind: "sos", device: "t-1", vehicle: "KPG-1", state: "raised", raised: at(T), at: at(T), lon: 123.6, lat: -10.2,
  dwell: null, rule: null, thread: null, level: 1, digest: false, quiet: false, by: null, revision: 1, ...given,
});

const ids = (calls: Calls, units = [] as ReturnType<typeof unit>[]): string[] => calls.standing(units).map((each) => each.id);

test("an event is enough", () => {
  const calls = new Calls();
  calls.hear(event());
  assert.deepEqual(calls.standing([]).map(({ id, device, at }) => [id, device, at]), [["s-1", "t-1", T]]);
});

test("an alert of another kind is none", () => {
  const calls = new Calls();
  calls.hear(event({ alert_kind: "dwell_limit" }));
  calls.settle([alert({ kind: "dwell_limit" })], calls.mark());
  assert.deepEqual(ids(calls), []);
});

test("a live row is enough, also while the archive is away", () => {
  const calls = new Calls();
  const [call] = calls.standing([unit({ sos: "s-1", vehicle: "KPG-1", time: T - S }), unit({ device: "t-2" })]);
  assert.deepEqual([call?.id, call?.vehicle, call?.at], ["s-1", "KPG-1", T - S]);
});

test("three ways make one call", () => {
  const calls = new Calls();
  calls.hear(event());
  calls.settle([alert()], calls.mark());
  assert.deepEqual(ids(calls, [unit({ sos: "s-1" })]), ["s-1"]);
});

test("it is gone when a person takes it, whatever the live row still says", () => {
  const calls = new Calls();
  calls.hear(event());
  calls.hear(event({ state: "acknowledged", revision: 2, at: at(T + 60 * S) }));
  assert.deepEqual(ids(calls, [unit({ sos: "s-1" })]), []);
});

test("an older word does not bring it back", () => {
  const calls = new Calls();
  calls.see(alert({ state: "acknowledged", revision: 2 }));
  calls.hear(event());
  assert.deepEqual(ids(calls), []);
});

test("a list that was asked for before the event takes nothing away", () => {
  const calls = new Calls();
  const mark = calls.mark();
  calls.hear(event());
  calls.settle([], mark);
  assert.deepEqual(ids(calls), ["s-1"]);
  calls.settle([], calls.mark());
  assert.deepEqual(ids(calls), []);
});

test("the newest press stands first", () => {
  const calls = new Calls();
  calls.settle([alert(), alert({ id: "s-2", at: at(T + S) })], calls.mark());
  assert.deepEqual(ids(calls), ["s-2", "s-1"]);
});

test("what is remembered is bounded, and what stands is kept", () => {
  const calls = new Calls();
  calls.hear(event({ id: "standing" }));
  for (let i = 0; i < 2000; i++) calls.hear(event({ id: `s-${i}`, state: "acknowledged" }));
  calls.hear(event({ id: "s-0" }));
  assert.deepEqual(ids(calls), ["s-0", "standing"]);
});

test("each press rings until it is hushed; another one rings again", () => {
  const heard = new Heard();
  const calls = new Calls();
  calls.hear(event());
  assert.equal(heard.rings(calls.standing([])), true);
  heard.hush(calls.standing([]));
  assert.equal(heard.rings(calls.standing([])), false);
  calls.hear(event({ revision: 2, at: at(T + 900 * S) }));
  assert.equal(heard.rings(calls.standing([])), true);
});

test("an alert of a rule sounds, unless it comes too late or in quiet hours", () => {
  const ruled = event({ alert_kind: "rule" });
  assert.equal(sounds(ruled, T + S), true);
  assert.equal(sounds({ ...ruled, digest: true }, T + S), false);
  assert.equal(sounds({ ...ruled, quiet: true }, T + S), false);
  assert.equal(sounds({ ...ruled, state: "cleared" }, T + S), false);
  assert.equal(sounds(event(), T + S), false); // a call for help has a siren of its own
});

test("an alert that is heard after an outage of ours makes no sound", () => {
  assert.equal(sounds(event({ alert_kind: "rule" }), T + 899 * S), true);
  assert.equal(sounds(event({ alert_kind: "rule" }), T + 900 * S), false);
});
