import { test } from "node:test";
import { deepEqual, equal } from "node:assert/strict";
import { acts, words } from "../src/dispatch/moves.ts";
import { Scene, arrivals, byUrgency, changes, expected } from "../src/dispatch/scene.ts";
import { Draft } from "../src/dispatch/draft.ts";
import { incident, offer, plan } from "./incident.ts";

test("the newest revision of an incident wins, whichever comes last", () => {
  const scene = new Scene();
  scene.see(incident({ revision: 3, text: "new" }));
  scene.see(incident({ revision: 2, text: "old" }));
  equal(scene.incidents.get("i-1")?.text, "new");
});

test("an event keeps the needs that it does not tell, and has the row read", () => {
  const scene = new Scene();
  scene.see(incident({ revision: 1 }));
  equal(scene.hear("incident", { id: "i-1", incident_kind: "fire", kind: "incident", revision: 2, status: "closed" }), "i-1");
  const now = scene.incidents.get("i-1");
  deepEqual([now?.status, now?.kind, now?.needs.length], ["closed", "fire", 2]);
});

test("an event about an incident that is not known has it read", () => {
  const scene = new Scene();
  equal(scene.hear("incident", { id: "i-9", revision: 1 }), "i-9");
  equal(scene.incidents.size, 0);
});

test("people are counted by how they stand", () => {
  const scene = new Scene();
  scene.see(incident());
  (["offered", "seen", "accepted", "en_route", "working", "no_progress", "declined"] as const).forEach((state, i) => scene.seeOffer(offer({ id: `o-${i}`, state })));
  deepEqual(scene.tally(incident()), { wanted: 4, promised: 3, coming: 1, there: 1, asked: 2, seen: 1, stalled: 1 });
});

test("somebody carried to another incident by a merge is counted there only", () => {
  const scene = new Scene();
  scene.seeOffer(offer({ state: "accepted", revision: 1 }));
  scene.seeOffer(offer({ state: "accepted", revision: 2, incident: "i-2" }));
  deepEqual([scene.live("i-1").length, scene.live("i-2").length], [0, 1]);
});

test("a duplicate is proposed on both sides while both are open", () => {
  const scene = new Scene();
  const [one, two] = [incident({ id: "i-1" }), incident({ id: "i-2", duplicates: ["i-1"] })];
  [one, two].forEach((each) => scene.see(each));
  deepEqual([scene.alike(one).map((each) => each.id), scene.alike(two).map((each) => each.id)], [["i-2"], ["i-1"]]);
  scene.see(incident({ id: "i-2", duplicates: ["i-1"], status: "cancelled", revision: 2 }));
  deepEqual(scene.alike(one), []);
});

test("real before exercise, severe before minor, reports that wait first, ended last", () => {
  const all = [
    incident({ id: "done", status: "closed", severity: 3, closed: "2026-01-05T09:00:00+08:00" }), incident({ id: "drill", severity: 3, exercise: true }),
    incident({ id: "minor", severity: 1 }), incident({ id: "severe", severity: 3, status: "responding" }), incident({ id: "report", severity: 3, status: "reported" }),
  ];
  deepEqual(all.sort(byUrgency).map((each) => each.id), ["report", "severe", "minor", "drill", "done"]);
});

test("somebody is expected by their way, but not before the minutes they named", () => {
  const at = Date.parse("2026-01-05T08:00:00+08:00");
  equal(expected(offer({ state: "accepted", eta_s: 240 })), at + 240_000);
  equal(expected(offer({ state: "accepted", eta_s: 240, minutes: 10 })), at + 600_000);
  equal(expected(offer({ state: "accepted", eta_s: null })), undefined);
  equal(expected(offer({ state: "working" })), undefined);
});

test("arrivals run from the first to the last of those who come", () => {
  const at = Date.parse("2026-01-05T08:00:00+08:00");
  deepEqual(arrivals([offer({ state: "accepted", eta_s: 360 }), offer({ state: "en_route", eta_s: 240 }), offer({ eta_s: 60 })]), [at + 240_000, at + 360_000]);
  equal(arrivals([offer()]), undefined);
});

test("what somebody else changed is named field by field", () => {
  deepEqual(changes(incident(), incident({ severity: 3, lon: 123.7, revision: 5 })), ["place", "severity"]);
  deepEqual(changes(incident(), incident({ revision: 5 })), []);
});

test("only what the table of moves allows is offered", () => {
  deepEqual(acts(incident({ status: "reported" })).first, ["verify", "dispatch", "look"]);
  deepEqual(acts(incident({ status: "responding", paused: true })).first, ["resume", "close"]);
  deepEqual(acts(incident({ status: "cancelled", merged_into: "i-2" })).first, ["unmerge"]);
  deepEqual([words(offer()), words(offer({ state: "working" })), words(offer({ state: "declined" }))], [["accept", "accept_in", "decline", "decline_today"], ["left"], []]);
});

test("an old plan does not cover a newer one", () => {
  const scene = new Scene();
  scene.seePlan(plan({ at: "2026-01-05T08:00:05+08:00", method: "new" }));
  scene.seePlan(plan({ at: "2026-01-05T08:00:01+08:00", method: "old" }));
  equal(scene.plans.get("i-1")?.method, "new");
});

test("a new incident sends the needs only when somebody changed them", () => {
  const kinds = [{ kind: "fire", name: "Fire", needs: [{ role: "help", vehicle: null, skills: [], count: 3 }] }];
  const draft = new Draft();
  draft.choose("fire");
  draft.put(123.6, -10.2);
  equal(draft.body().needs, undefined);
  draft.count(kinds, 0, 5);
  equal(draft.body().needs?.[0]?.count, 5);
  draft.choose("fire");
  equal(draft.body().needs, undefined);
});
