import assert from "node:assert/strict";
import { test } from "node:test";
import { Fleet, band, byAttention, look, standing, tally } from "../src/fleet.ts";
import { S, T, row, snapshot, stop, unit } from "./made.ts";

const order = (units: ReturnType<typeof unit>[]): string[] => byAttention(units).map((each) => each.device);

test("a frame replaces the rows that it names, and takes away what is gone", () => {
  const fleet = new Fleet();
  snapshot(fleet, [unit({ device: "a" }), unit({ device: "b" }), unit({ device: "c" })]);
  fleet.apply({ type: "frame", t: T + S, positions: [row(unit({ device: "b", state: "stopped" }))], gone: ["c"] }, T + S);
  assert.deepEqual([...fleet.units.values()].map((each) => [each.device, each.state]), [["a", "moving"], ["b", "stopped"]]);
});

test("a snapshot replaces everything", () => {
  const fleet = new Fleet();
  snapshot(fleet, [unit({ device: "a" })]);
  snapshot(fleet, [unit({ device: "b" })]);
  assert.deepEqual([...fleet.units.keys()], ["b"]);
});

test("ages are counted by the server's clock, however wrong ours is", () => {
  const fleet = new Fleet();
  snapshot(fleet, [], T, T - 3600 * S);
  assert.equal(fleet.now(T - 3600 * S + 5 * S), T + 5 * S);
});

test("a device whose clock runs ahead does not make the data look younger than now", () => {
  const fleet = new Fleet();
  snapshot(fleet, [unit({ time: T + 90 * S })]);
  assert.equal(fleet.newestFix, T);
});

test("attention: alert, handled, silent, unexplained stop, known place, moving, people", () => {
  const known = stop({ purpose: "allowed", place: { id: "d", name: "Depo", kind: "depot" }, start: T - 9000 * S });
  assert.deepEqual(
    order([
      unit({ device: "person", class: "phone", state: "silent" }),
      unit({ device: "moving" }),
      unit({ device: "asleep-at-depot", state: "silent", dwell: known }),
      unit({ device: "stopped", state: "stopped", dwell: stop() }),
      unit({ device: "silent", state: "silent" }),
      unit({ device: "handled", state: "stopped", dwell: stop({ alert: true }) }),
      unit({ device: "alert", state: "silent", alert: true, dwell: stop({ alert: true }) }),
    ]),
    ["alert", "handled", "silent", "stopped", "asleep-at-depot", "moving", "person"],
  );
});

test("within a band the longest comes first", () => {
  const stopped = (device: string, minutes: number) => unit({ device, state: "stopped", dwell: stop({ start: T - minutes * 60 * S }) });
  assert.deepEqual(order([stopped("a", 5), stopped("b", 50), stopped("c", 20)]), ["b", "c", "a"]);
});

test("names are ordered as people count", () => {
  assert.deepEqual(order([unit({ device: "t-10" }), unit({ device: "t-9" })]), ["t-9", "t-10"]);
});

test("an alert that somebody took on stops calling, also in later frames", () => {
  const fleet = new Fleet();
  const alerting = unit({ state: "stopped", alert: true, dwell: stop({ alert: true }) });
  snapshot(fleet, [alerting]);
  fleet.handle(["d-1"]);
  fleet.apply({ type: "frame", t: T + S, positions: [row(alerting)] }, T + S);
  const shown = fleet.units.get("t-1");
  assert.ok(shown);
  assert.equal(band(shown), "handled");
});

test("an SOS is not silenced by a stop that was taken on", () => {
  const fleet = new Fleet();
  snapshot(fleet, [unit({ alert: true, sos: "s-1", dwell: stop({ alert: true }) })]);
  fleet.handle(["d-1"]);
  assert.equal(fleet.units.get("t-1")?.alert, true);
});

test("a heard stop grows by what is heard", () => {
  const stopped = unit({ state: "stopped", dwell: stop({ observed_s: 400, silent_s: 200 }) });
  assert.deepEqual(standing(stopped, T + 60 * S), { total: 660, observed: 460, silent: 200 });
});

test("a silent stop grows by silence only", () => {
  const asleep = unit({ state: "silent", dwell: stop({ observed_s: 400, silent_s: 200 }) });
  assert.deepEqual(standing(asleep, T + 60 * S), { total: 660, observed: 400, silent: 260 });
});

test("the counts at the top are vehicles; people count only when they call", () => {
  const counts = tally([unit(), unit({ class: "phone" }), unit({ class: "phone", alert: true }), unit({ state: "silent" })]);
  assert.deepEqual(counts, { alert: 1, silent: 1, stopped: 0, moving: 1, people: 1 });
});

test("an alert shows before silence", () => {
  assert.equal(look(unit({ state: "silent", alert: true })), "alert");
});

test("a unit with a wrong clock stands where it says, calls for a look, and is not said to stand or move", () => {
  const fleet = new Fleet();
  const clock = { behind_s: 86400, since: T - 600 * S, received: T - S, lon: 123.7, lat: -10.1 };
  const known = stop({ purpose: "allowed", place: { id: "d", name: "Depo", kind: "depot" } });
  snapshot(fleet, [unit({ state: "stopped", dwell: known, clock })]);
  const shown = fleet.units.get("t-1");
  assert.ok(shown);
  assert.deepEqual([shown.lon, shown.lat, shown.speed, look(shown), band(shown)], [123.7, -10.1, null, "silent", "silent"]);
  assert.equal(standing({ ...shown, dwell: stop({ start: T - 900 * S }) }, T).total, 300);
});
