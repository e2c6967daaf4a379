import assert from "node:assert/strict";
import { test } from "node:test";
import { overlaid } from "../src/saying.ts";
import { S, T } from "./made.ts";

const row = { id: "d-1", purpose: "unexplained" as const, why: "none", reason: "" };

test("what was just said is shown before the row says it", () => {
  assert.deepEqual(overlaid(row, { purpose: "allowed", reason: "ban bocor", at: T }, T + S), { id: "d-1", purpose: "allowed", why: "label", reason: "ban bocor" });
});

test("a reason judges nothing", () => {
  assert.deepEqual(overlaid(row, { purpose: undefined, reason: "ban bocor", at: T }, T), { ...row, reason: "ban bocor" });
});

test("after half a minute the row is right, whatever it says", () => {
  assert.deepEqual(overlaid(row, { purpose: "allowed", reason: "x", at: T }, T + 31 * S), row);
});
