import assert from "node:assert/strict";
import { test } from "node:test";
import { areaNames, bounds } from "../src/map/areas.ts";
import { secretOf } from "../src/ui/signin.ts";

const square = (x: number, size: number): number[][] => [[x, 0], [x + size, 0], [x + size, size], [x, size], [x, 0]];
const areas: GeoJSON.FeatureCollection = {
  type: "FeatureCollection",
  features: [
    { type: "Feature", properties: { name: "Oesapa" }, geometry: { type: "MultiPolygon", coordinates: [[square(100, 1)], [square(0, 4)]] } },
    { type: "Feature", properties: { name: "kosong" }, geometry: { type: "MultiPolygon", coordinates: [] } },
  ],
};

test("a name stands in the middle of the largest part", () => {
  assert.deepEqual(areaNames(areas).features.map((each) => each.geometry), [{ type: "Point", coordinates: [2, 2] }]);
});

test("bounds hold every part", () => {
  assert.deepEqual(bounds(areas), [0, 0, 101, 4]);
  assert.equal(bounds({ type: "FeatureCollection", features: [] }), null);
});

test("a pasted link gives its secret, and so does the bare code", () => {
  assert.equal(secretOf("http://127.0.0.1:8000/?token=ab_C-9&x=1"), "ab_C-9");
  assert.equal(secretOf("  ab_C-9\n"), "ab_C-9");
});
