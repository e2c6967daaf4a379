import assert from "node:assert/strict";
import { test } from "node:test";
import { lasts, onePerThread, waiting } from "../src/alerts.ts";
import type { Alert } from "../src/types.ts";
import { S, T, stop, unit } from "./made.ts";

const at = (ms: number): string => new Date(ms).toISOString();
const alert = (id: string, given: Partial<Alert> = {}): Alert => ({
  id, kind: "rule", device: "t-1", vehicle: null, state: "raised", raised: at(T), at: at(T), lon: 0, lat: 0, dwell: null, rule: "r-1",
  thread: null, level: 1, digest: false, quiet: false, by: null, revision: 1, ...given,
});
const limit = (id: string, given: Partial<Alert> = {}): Alert => alert(id, { kind: "dwell_limit", dwell: "d-1", rule: null, ...given });

test("what nobody took waits, the newest first; calls for help wait elsewhere", () => {
  const all = [alert("a", { raised: at(T - S) }), alert("b"), alert("c", { state: "acknowledged" }), alert("d", { kind: "sos" }), limit("e", { state: "cleared" })];
  assert.deepEqual(waiting(all).map((each) => each.id), ["b", "a"]);
});

test("the alert of a stop lasts as long as the stop", () => {
  const standing = unit({ state: "stopped", alert: true, dwell: stop({ alert: true }) });
  assert.equal(lasts(limit("a"), standing, T), true);
  assert.equal(lasts(limit("a"), { ...standing, dwell: stop({ id: "d-2" }) }, T), false);
  assert.equal(lasts(limit("a"), undefined, T), false);
});

test("a rule may watch a stop that is below its limit", () => {
  const standing = unit({ state: "stopped", dwell: stop() });
  assert.deepEqual([lasts(alert("a", { dwell: "d-1" }), standing, T), lasts(limit("b"), standing, T)], [true, false]);
});

test("of what else a rule watches the alert stands until it is taken, for half a day", () => {
  assert.deepEqual([lasts(alert("a"), unit(), T + 3600 * S), lasts(alert("a"), unit(), T + 43_201 * S)], [true, false]);
});

test("a silence is over with the next fix, a speeding after a while", () => {
  const told = alert("a", { at: at(T) });
  assert.deepEqual([lasts(told, unit({ time: T - S }), T, "silence"), lasts(told, unit({ time: T + S }), T + S, "silence")], [true, false]);
  assert.deepEqual([lasts(told, unit(), T + 899 * S, "speeding"), lasts(told, unit(), T + 901 * S, "speeding")], [true, false]);
});

test("one cause is one alert: that which was told most often, a rule's before the limit's", () => {
  const all = [limit("a", { thread: "d-1" }), alert("b", { thread: "d-1" }), alert("c", { thread: "s-1", level: 2 }), alert("d", { thread: "s-1" }), alert("e")];
  assert.deepEqual(onePerThread(all).map((each) => each.id), ["b", "c", "e"]);
});
