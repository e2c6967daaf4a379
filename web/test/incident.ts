import type { Incident, Offer, Plan } from "../src/dispatch/types.ts";

/** A verified incident that wants three helpers and a first-aider. */
export function incident(given: Partial<Incident> = {}): Incident {
  return {
    id: "i-1", kind: "fire", severity: 2, status: "verified", lon: 123.6, lat: -10.2, area: "k-1", address: null, hazard: null, hazard_info: null,
    needs: [{ role: "help", vehicle: null, skills: [], count: 3 }, { role: "aid", vehicle: null, skills: ["p3k"], count: 1 }],
    exercise: false, text: "", opened: "2026-01-05T08:00:00+08:00", closed: null, revision: 1, placed: "", source: "", reports: 1,
    verified_by: [], merged_into: null, paused: false, excluded: [], duplicates: [], photos: [], ...given,
  };
}

/** Ana was asked at eight, and is four minutes away. */
export function offer(given: Partial<Offer> = {}): Offer {
  return {
    id: "o-1", incident: "i-1", volunteer: "ana", device: "hp-ana", role: "help", state: "offered", eta_s: 240, at: "2026-01-05T08:00:00+08:00",
    why: "", minutes: null, made: "2026-01-05T08:00:00+08:00", expires: "2026-01-05T08:05:00+08:00", by: "matcher", actor: "", manual: false,
    revision: 1, ...given,
  };
}

export function plan(given: Partial<Plan> = {}): Plan {
  return {
    incident: "i-1", at: "2026-01-05T08:00:00+08:00", chosen: [], others: [], method: "exact", proven: true, alternatives: [], gauge: null,
    certificate: null, words: [], ...given,
  };
}
