import assert from "node:assert/strict";
import { test } from "node:test";
import { directory, sought } from "../src/why.ts";
import { S, T } from "./made.ts";

const at = (ms: number): string => new Date(ms).toISOString();

const known = directory(
  [{ id: "t-1" }, { id: "t-2", name: "Cadangan" }, { id: "ana-hp1" }, { id: "t-12" }],
  [{ id: "KPG-1", plate: "DH 8123 AB" }, { id: "KPG-2", plate: "DH 9 XY" }],
  [{ id: "ana", name: "Ana Bire" }],
  [
    { device: "t-1", vehicle: "KPG-1", from: at(T - 10 * S), until: null },
    { device: "t-2", vehicle: "KPG-2", from: at(T - 10 * S), until: at(T) },
    { device: "t-2", vehicle: "KPG-1", from: at(T + S), until: null },
    { device: "ana-hp1", person: "ana", from: null, until: null },
  ],
  T,
);

const ids = (words: string): string[] => sought(known, words).map((each) => each.label);

test("a device is called by what it is assigned to now, and by nothing else", () => {
  assert.deepEqual(known.slice(0, 4).map((each) => each.names), [["KPG-1", "DH 8123 AB"], ["Cadangan"], ["ana", "Ana Bire"], []]);
});

test("a vehicle that no device is joined to is found, and has none", () => {
  assert.deepEqual(sought(known, "dh9xy"), [{ label: "KPG-2", device: undefined, names: ["DH 9 XY"] }]);
});

test("a plate is found with or without its spaces", () => {
  assert.deepEqual([ids("dh8123ab"), ids("DH 8123"), ids("8123")], [["t-1"], ["t-1"], ["t-1"]]);
});

test("a person is found by name, a device by id", () => {
  assert.deepEqual([ids("bire"), ids("T-2")], [["ana-hp1"], ["t-2"]]);
});

test("what is named exactly so comes first, then what begins so", () => {
  assert.deepEqual(ids("t-1"), ["t-1", "t-12"]);
  assert.deepEqual(ids("1"), ["ana-hp1", "t-1", "t-12"]);
});

test("nothing is sought before something is typed", () => {
  assert.deepEqual(ids("  "), []);
});

test("no more is offered than a list can show", () => {
  const many = directory(Array.from({ length: 50 }, (_, i) => ({ id: `x-${i}` })), [], [], [], T);
  assert.equal(sought(many, "x").length, 8);
});
