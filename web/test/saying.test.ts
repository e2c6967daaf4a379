import assert from "node:assert/strict";
import { test } from "node:test";
import { overlaid, sayingsOf } from "../src/saying.ts";
import { S, T } from "./made.ts";

const nobody = sayingsOf(undefined);
const sari = { ...nobody, labelled_by: "sari", labelled_at: "2026-01-05T08:00:00+08:00" };
const row = { id: "d-1", purpose: "unexplained" as const, why: "none", reason: "", ...nobody };

test("what was just said is shown before the row says it", () => {
  assert.deepEqual(overlaid(row, { purpose: "allowed", reason: "ban bocor", sayings: sari, at: T }, T + S), {
    id: "d-1", purpose: "allowed", why: "label", reason: "ban bocor", ...sari,
  });
});

test("a reason judges nothing", () => {
  assert.deepEqual(overlaid(row, { purpose: undefined, reason: "ban bocor", sayings: nobody, at: T }, T), { ...row, reason: "ban bocor" });
});

test("after half a minute the row is right, whatever it says", () => {
  assert.deepEqual(overlaid(row, { purpose: "allowed", reason: "x", sayings: sari, at: T }, T + 31 * S), row);
});
