/** Incidents, whom they ask and why, as the API sends them (docs/http.md). */

export interface Need {
  role: string;
  vehicle: string | null;
  skills: string[];
  count: number;
}

/** A kind of incident that the city knows: its name, and what it usually needs. */
export interface HazardKind {
  kind: string;
  name: string;
  needs: Need[];
}

export type Status = "reported" | "verified" | "dispatching" | "responding" | "on_scene" | "closed" | "cancelled";

/** A photo that came with a report or an answer. */
export interface Photo {
  id: string;
  at: string;
  by: string;
}

export interface Incident {
  id: string;
  kind: string;
  severity: number;
  status: Status;
  lon: number;
  lat: number;
  area: string | null;
  address: string | null;
  needs: Need[];
  hazard: GeoJSON.Geometry | null;
  hazard_info: { label: string; depth_cm: number | null; access: number | null; assumed: boolean } | null;
  exercise: boolean;
  text: string;
  opened: string;
  closed: string | null;
  revision: number;
  /** A doubt about the coordinate: `placeholder`, it is the city's centre; `area`, any point of the area. */
  placed: string;
  /** Empty: a coordinator; `volunteer`, `cap`. */
  source: string;
  reports: number;
  verified_by: string[];
  merged_into: string | null;
  paused: boolean;
  excluded: string[];
  /** Open incidents that may be the same one: a person decides. */
  duplicates: string[];
  photos: Photo[];
}

export type OfferState =
  | "offered" | "delivered" | "seen" | "accepted" | "committed" | "en_route" | "arrived" | "working" | "released"
  | "declined" | "expired" | "withdrawn" | "stood_down" | "no_progress";

export interface Offer {
  id: string;
  incident: string;
  volunteer: string;
  device: string;
  role: string;
  state: OfferState;
  eta_s: number | null;
  at: string;
  why: string;
  minutes: number | null;
  made: string;
  expires: string;
  by: string;
  actor: string;
  manual: boolean;
  revision: number;
}

export interface Candidate {
  device: string;
  lon: number;
  lat: number;
  position_age_s: number;
  distance_m: number;
  eta_s: number;
}

export interface Said {
  id: string;
  en: string;
}

/** What a change would cost in all: places left empty by severity, and seconds. */
export interface Price {
  unfilled_3: number;
  unfilled_2: number;
  unfilled_1: number;
  seconds: number;
}

export interface Alternative {
  device: string;
  cost: Price | null;
  role: string;
  words: Said | null;
}

export interface Gauge {
  wanted: number;
  promised: number;
  on_scene: number;
  asked: number;
  full: number;
  fill_s: number | null;
}

export interface Plan {
  incident: string;
  at: string;
  chosen: Candidate[];
  others: Candidate[];
  method: string;
  proven: boolean;
  alternatives: Alternative[];
  gauge: Gauge | null;
  certificate: { method: string; listed: number; rounds: number; gap_s: number } | null;
  words: Said[];
}

export interface Volunteer {
  id: string;
  name?: string;
  phone?: string | null;
  vehicle?: string | null;
  skills?: string[];
  on_duty?: boolean;
}

/** One line of what happened to an incident; `who` is null where time, positions or the register did it. */
export interface Happened {
  seq: number;
  kind: string;
  act: string | null;
  who: string | null;
  at: string;
  revision?: number;
}
