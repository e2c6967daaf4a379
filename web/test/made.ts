import type { Fleet } from "../src/fleet.ts";
import type { LiveDwell, Unit } from "../src/types.ts";

export const T = 1_764_000_000_000;
export const S = 1000;

/** A truck that moves and was heard a second ago. */
export function unit(given: Partial<Unit> = {}): Unit {
  return {
    device: "t-1", vehicle: null, class: "truck", state: "moving", lon: 123.6, lat: -10.2, time: T - S, since: T - 60 * S,
    speed: 5, course: 90, accuracy: 5, battery: null, area: null, alert: false, dwell: null, sos: null, clock: null,
    ...given,
  };
}

/** An open stop of ten minutes, all of it heard, that nobody has explained. */
export function stop(given: Partial<LiveDwell> = {}): LiveDwell {
  return {
    id: "d-1", start: T - 600 * S, purpose: "unexplained", place: null, observed_s: 600, silent_s: 0, lon: 123.6, lat: -10.2,
    alert: false, why: "none", reason: "", ...given,
  };
}

const FIELDS = Object.keys(unit()) as (keyof Unit)[];

export function snapshot(fleet: Fleet, units: Unit[], t = T, receivedAt = T): void {
  fleet.apply({ type: "snapshot", t, fields: FIELDS, positions: units.map(row) }, receivedAt);
}

export const row = (one: Unit): unknown[] => FIELDS.map((field) => one[field]);
