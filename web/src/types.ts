/** What the API sends, as the console uses it. Times in live rows are milliseconds; elsewhere RFC 3339. */
import type { HazardKind } from "./dispatch/types.ts";

export type State = "moving" | "stopped" | "silent";
export type Purpose = "planned" | "allowed" | "break" | "unexplained" | "unlabelled";

export interface Place {
  id: string;
  name: string;
  kind: string;
}

export interface LiveDwell {
  id: string;
  start: number;
  purpose: Purpose;
  place: Place | null;
  observed_s: number;
  silent_s: number;
  lon: number;
  lat: number;
  alert: boolean;
  /** What the purpose follows from, in one word; what a person said of it, or nothing. */
  why: string;
  reason: string;
}

/** The latest known of one device: one row of the live feed. */
export interface Unit {
  device: string;
  vehicle: string | null;
  class: string;
  state: State;
  lon: number;
  lat: number;
  time: number;
  since: number;
  speed: number | null;
  course: number | null;
  accuracy: number | null;
  battery: number | null;
  area: string | null;
  alert: boolean;
  dwell: LiveDwell | null;
  /** The alert of a call for help that nobody has taken yet. */
  sos: string | null;
  clock: WrongClock | null;
}

/** What a device sends whose own time lies far behind: its clock jumped back, or it empties its memory. */
export interface WrongClock {
  behind_s: number;
  since: number;
  received: number;
  lon: number;
  lat: number;
}

/** Who said what a stop was for and who said why, each with the time; null where nobody did. */
export interface Sayings {
  labelled_by: string | null;
  labelled_at: string | null;
  reason_by: string | null;
  reason_at: string | null;
}

export interface Dwell extends Sayings {
  id: string;
  device: string;
  vehicle: string | null;
  class: string;
  start: string;
  end: string | null;
  duration_s: number;
  observed_s: number;
  silent_s: number;
  lon: number;
  lat: number;
  state: "open" | "closed" | "retracted";
  area: string | null;
  place: Place | null;
  purpose: Purpose;
  why: string;
  reason: string;
  alert: boolean;
}

export interface Alert {
  id: string;
  kind: "dwell_limit" | "sos" | "rule";
  device: string;
  vehicle: string | null;
  state: "raised" | "cleared" | "acknowledged";
  raised: string;
  at: string;
  lon: number;
  lat: number;
  dwell: string | null;
  /** The rule that raised it; all alerts of one thread have one cause. */
  rule: string | null;
  thread: string | null;
  /** Grows each time that it is told again because nobody took it. */
  level: number;
  /** Found out too late for anybody to act on it: listed, not sounded. */
  digest: boolean;
  /** In quiet hours: shown, not sounded. */
  quiet: boolean;
  by: string | null;
  revision: number;
}

/** The same as an event of the feed; its `kind` is the event's. */
export interface AlertEvent {
  id: string;
  alert_kind: Alert["kind"];
  device: string;
  state: Alert["state"];
  at: string;
  lon: number;
  lat: number;
  digest: boolean;
  quiet: boolean;
  revision: number;
}

export interface Me {
  role: string;
  subject: string;
  may: string[];
  city: { code: string; name: string; tz: string };
  language: string;
  demo: boolean;
}

/** What the console needs before it can draw anything; addresses lead to GeoJSON. */
export interface Bootstrap {
  city: { centre: [number, number]; bounds: [number, number, number, number]; words: Record<string, string>; hazards: HazardKind[] };
  map_style_url: string | null;
  areas: string;
  places: string;
  streets: string | null;
}

export interface Vehicle {
  id: string;
  plate?: string;
  group?: string;
}

/** A sentence in the console's languages. */
export interface Said {
  id: string;
  en: string;
}

export interface Check {
  check: string;
  /** null: does not apply, or cannot be known. */
  ok: boolean | null;
  detail: Said;
  remedy: Said | null;
}

/** The newest message of a device: what came, and what became of it. */
export interface Heard {
  received: string;
  source: string;
  topic: string;
  dialect: string;
  /** null: not for this role. */
  payload: string | null;
  outcome: "accepted" | "ignored" | "rejected" | "held";
  reason: string | null;
  detail: string;
  fixes: number;
  time: string | null;
  lon: number | null;
  lat: number | null;
  flags: string[];
  clock_error_s: number | null;
  lateness_s: number | null;
  by: string;
}

/** Why a device is on the map or is not. */
export interface Why {
  device: string;
  ok: boolean;
  vehicle: string | null;
  person: string | null;
  verdict: Said;
  checks: Check[];
  heard: Heard | null;
}

/** A device that speaks and that nobody has registered. */
export interface Held {
  device: string;
  dialect: string;
  fixes: number;
  first: string;
  last: string;
  lon: number;
  lat: number;
}

export interface Assignment {
  device: string;
  vehicle?: string | null;
  person?: string | null;
  from?: string | null;
  until?: string | null;
}
