import assert from "node:assert/strict";
import { test } from "node:test";
import { CityClock, compass, duration, kmh, metres, shortDuration } from "../src/time.ts";

const HOUR = 3600;

test("durations have two figures at most", () => {
  const said = [0, 59, 60, 3599, HOUR, HOUR + 300, 25 * HOUR, 48 * HOUR].map(duration);
  assert.deepEqual(said, ["0 dtk", "59 dtk", "1 mnt", "59 mnt", "1 j", "1 j 05 mnt", "1 hr 1 j", "2 hr"]);
});

test("short durations have one", () => {
  assert.deepEqual([45, 750, 5 * HOUR, 30 * HOUR, 72 * HOUR].map(shortDuration), ["45 dtk", "12 mnt", "5 j", "30 j", "3 hr"]);
});

test("a negative age, of a clock that runs ahead, is none", () => {
  assert.equal(duration(-30), "0 dtk");
});

test("the city's clock is the city's, wherever the reader sits", () => {
  const clock = new CityClock("Asia/Makassar");
  assert.equal(clock.seconds(Date.UTC(2026, 10, 24, 22, 5, 7)), "06:05:07");
  assert.equal(clock.zone(), "WITA");
  assert.equal(clock.date(Date.UTC(2026, 10, 24, 22, 0)), "2026-11-25");
});

test("a day begins at the city's midnight", () => {
  const clock = new CityClock("Asia/Makassar");
  assert.equal(clock.startOfDay(Date.UTC(2026, 10, 24, 4, 0)), Date.UTC(2026, 10, 23, 16, 0));
});

test("a day with a change of clocks begins at midnight too", () => {
  const clock = new CityClock("Europe/Berlin");
  assert.equal(clock.startOfDay(Date.UTC(2026, 9, 25, 22, 30)), Date.UTC(2026, 9, 24, 22, 0)); // 25 hours long
});

test("bearings by name", () => {
  assert.deepEqual([0, 44, 180, 337.6, 359.9, -90].map(compass), ["U", "TL", "S", "U", "U", "B"]);
});

test("speeds and distances as people say them", () => {
  assert.deepEqual([kmh(10), metres(318.4), metres(1234), metres(1_080_440)], ["36 km/j", "318 m", "1,2 km", "1.080 km"]);
});
