import assert from "node:assert/strict";
import { test } from "node:test";
import { fixesOf, strip, trailLines, type Fix } from "../src/map/trail.ts";
import { S, T } from "./made.ts";

const GAP = 180 * S;
const fix = (secondsAgo: number, lon = 123.6): Fix => ({ time: T - secondsAgo * S, lon, lat: -10.2, speed: null });

test("fixes come out by time, whatever their order and form of time", () => {
  const point = (time: unknown, lon: number) => ({ type: "Feature" as const, properties: { time }, geometry: { type: "Point" as const, coordinates: [lon, -10] } });
  const features = [point("2025-11-25T00:00:10+08:00", 2), point(Date.parse("2025-11-24T16:00:05Z"), 1), point("never", 3)];
  assert.deepEqual(fixesOf({ type: "FeatureCollection", features }).map((each) => each.lon), [1, 2]);
});

test("what was not heard is a dashed piece of its own, never part of the solid line", () => {
  const lines = trailLines([fix(700, 1), fix(690, 2), fix(400, 3), fix(390, 4)], T, GAP).features;
  assert.deepEqual(
    lines.map((each) => [each.properties?.["gap"], (each.geometry as GeoJSON.LineString).coordinates.map((c) => c[0])]),
    [[false, [1, 2]], [true, [2, 3]], [false, [3, 4]]],
  );
});

test("pieces join where only the shade changes", () => {
  const lines = trailLines([fix(1000, 1), fix(900, 2), fix(860, 3), fix(700, 4), fix(600, 5)], T, GAP).features;
  const ends = lines.map((each) => (each.geometry as GeoJSON.LineString).coordinates.map((c) => c[0]));
  assert.deepEqual(ends.flat().filter((value, i, all) => value !== all[i - 1]), [1, 2, 3, 4, 5]);
});

test("a device without fixes has no line", () => {
  assert.deepEqual(trailLines([], T, GAP).features, []);
});

test("the strip tells moving, stopped, stopped unheard, and silence apart", () => {
  const fixes = [fix(1000), fix(900), fix(800), fix(400), fix(300), fix(290)];
  const stops = [{ start: T - 850 * S, end: T - 500 * S }];
  assert.deepEqual(
    strip(fixes, stops, T - 1000 * S, T, GAP).map((span) => [span.kind, (T - span.from) / S, (T - span.to) / S]),
    [
      ["moving", 1000, 850],
      ["stopped", 850, 800],
      ["asleep", 800, 500],
      ["silent", 500, 400],
      ["moving", 400, 290],
      ["silent", 290, 0],
    ],
  );
});

test("two hours without a fix are silence, not movement", () => {
  assert.deepEqual(strip([], [], 0, 7200 * S, GAP), [{ from: 0, to: 7200 * S, kind: "silent" }]);
});
