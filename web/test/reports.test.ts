import assert from "node:assert/strict";
import { test } from "node:test";
import {
  byNeed, called, clockOf, doubt, inTrouble, lacking, parts, shiftDay, unserved,
  type Answer, type Counts, type DayState, type Doing, type Point, type Round, type Status,
} from "../src/reports.ts";
import { CityClock, weekdayName } from "../src/time.ts";

const counts = (given: Partial<Counts>): Counts => ({ planned: 0, served: 0, late: 0, missed: 0, unknown: 0, pending: 0, ...given });
const point = (id: string, status: Status, given: Partial<Point> = {}): Point =>
  ({ point: id, name: id, area: null, status, due: null, by: null, unheard: null, ...given });
const round = (route: string, given: Partial<Round> = {}): Round =>
  ({ route, name: "", shift: null, units: ["v-1"], counts: counts({}), points: [], streets: [], order: null, ...given });
const answer = (vehicle: string, state: Doing, since: string | null = null): Answer =>
  ({ vehicle, group: "", device: null, state, since, last: null, place: null });

const ROLL = [
  answer("v-1", "moving"), answer("v-2", "depot", "2026-11-24T05:00:00Z"), answer("v-3", "silent", "2026-11-24T04:00:00Z"),
  answer("v-4", "never_seen"), answer("v-10", "depot", "2026-11-24T03:00:00Z"), answer("v-6", "workshop"),
];

test("the roll names who should be out and is not: never heard, silent, at the depot, the longest first", () => {
  assert.deepEqual(called(ROLL).map((one) => one.vehicle), ["v-4", "v-3", "v-10", "v-2"]);
});

test("any state of the roll can be asked for alone", () => {
  assert.deepEqual(called(ROLL, "moving").map((one) => one.vehicle), ["v-1"]);
});

test("a bar's pieces are those that are there, in one order, by their share of all", () => {
  const found = parts(counts({ planned: 8, served: 4, unknown: 1, missed: 2, pending: 1 }));
  assert.deepEqual(found.map(({ status, percent }) => [status, percent]), [["served", 50], ["missed", 25], ["unknown", 12.5], ["pending", 12.5]]);
});

test("a round without points has an empty bar", () => {
  assert.deepEqual(parts(counts({})), []);
});

test("rounds with missed points come before those with unknown ones, then late, then by number", () => {
  const routes = [
    round("r-10"), round("r-2"), round("late", { counts: counts({ late: 3 }) }), round("unknown", { counts: counts({ unknown: 9 }) }),
    round("missed", { counts: counts({ missed: 1 }) }),
  ];
  assert.deepEqual(byNeed(routes).map((one) => one.route), ["missed", "unknown", "late", "r-2", "r-10"]);
  assert.deepEqual(routes.filter(inTrouble).map((one) => one.route), ["late", "unknown", "missed"]);
});

test("a round whose street nobody covered is in trouble too", () => {
  assert.equal(inTrouble(round("r", { streets: [{ street: "s", name: "", status: "unknown", covered: 0 }] })), true);
});

test("what was not served: missed first; unknown is another thing, and the rest is none of it", () => {
  const points = [point("a", "served"), point("b", "unknown"), point("c", "missed"), point("d", "pending"), point("e", "late")];
  assert.deepEqual(unserved(points).map((each) => [each.point, each.status]), [["c", "missed"], ["b", "unknown"]]);
});

test("why a point is unknown: not registered, nobody on the round, or nobody heard the vehicle", () => {
  const manned = round("r");
  const heard: [string, string] = ["2026-11-24T05:00:00Z", "2026-11-24T06:00:00Z"];
  assert.equal(doubt(point("a", "unknown", { name: "" }), manned), "unregistered");
  assert.equal(doubt(point("a", "unknown", { unheard: heard }), round("r", { units: [] })), "unmanned");
  assert.equal(doubt(point("a", "unknown", { unheard: heard }), manned), "unheard");
  assert.equal(doubt(point("a", "missed"), manned), undefined);
});

test("days go by the calendar, over months and years", () => {
  assert.deepEqual([shiftDay("2026-03-01", -1), shiftDay("2025-12-31", 1), shiftDay("2026-11-24", -29)], ["2026-02-28", "2026-01-01", "2026-10-26"]);
});

test("minutes of the day as a time; after midnight it begins again", () => {
  assert.deepEqual([clockOf(375), clockOf(0), clockOf(1500)], ["06:15", "00:00", "01:00"]);
});

test("the minute of the day is the city's", () => {
  assert.equal(new CityClock("Asia/Makassar").minuteOfDay(Date.parse("2026-11-24T22:15:30Z")), 375);
});

test("weekdays have the names of the language, Monday being the first", () => {
  assert.deepEqual([weekdayName(1), weekdayName(7), weekdayName(2, "narrow")], ["Senin", "Minggu", "S"]);
});

test("a day says whose late data it lacks: refused before waiting, and of a closed day what it was closed without", () => {
  const refused = [{ device: "t-1", reason: "bad" }], waiting = [{ device: "t-2", reason: null }];
  const day: DayState = { day: "", state: "open", closed: null, corrections: null, closed_without: null, waiting, refused: [] };
  assert.deepEqual(lacking(day), { kind: "waiting", names: ["t-2"], reasons: "t-2" });
  assert.deepEqual(lacking({ ...day, refused }), { kind: "without", names: ["t-1"], reasons: "t-1: bad" });
  assert.equal(lacking({ ...day, state: "closed", closed_without: [] }), undefined);
});
