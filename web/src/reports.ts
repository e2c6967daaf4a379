/** What the reports of a day say (docs/coverage.md, docs/rollcall.md), and what the page makes of them. No DOM, no network. */

export type Status = "served" | "late" | "missed" | "unknown" | "pending";
export type Doing = "never_seen" | "silent" | "depot" | "stopped" | "moving" | "workshop";

/** As a bar shows them, left to right: what is done, what is not, what nobody knows, what is still to come. */
export const STATUSES: readonly Status[] = ["served", "late", "missed", "unknown", "pending"];
/** In the order in which a supervisor asks: who should be out and is not comes first. */
export const DOINGS: readonly Doing[] = ["never_seen", "silent", "depot", "stopped", "moving", "workshop"];
const EXCEPTIONS: readonly Doing[] = ["never_seen", "silent", "depot"];

export type Counts = Record<Status | "planned", number>;

export interface Pass {
  device: string;
  vehicle: string | null;
  at: string;
  nearest_m: number;
  stopped_s: number;
}

export interface Point {
  point: string;
  /** Empty: the point is not registered. */
  name: string;
  area: string | null;
  status: Status;
  due: string | null;
  by: Pass | null;
  /** From when to when it may have been served unheard. */
  unheard: [string, string] | null;
}

export interface Driven {
  street: string;
  name: string;
  status: Status;
  covered: number;
}

export interface Round {
  route: string;
  name: string;
  shift: string | null;
  units: string[];
  counts: Counts;
  points: Point[];
  streets: Driven[];
  order: { inversions: number } | null;
}

/** A route that nobody was to drive: no vehicle was on it, or the day is none of its days. */
export interface Idle {
  route: string;
  name: string;
  why: "nobody" | "not_today";
  points: number;
  streets: number;
}

export interface Coverage {
  day: string;
  at: string;
  closed: boolean;
  summary: Counts;
  routes: Round[];
  idle: Idle[];
}

export interface Answer {
  vehicle: string;
  group: string;
  device: string | null;
  state: Doing;
  since: string | null;
  last: { at: string; lon: number; lat: number } | null;
  place: { id: string; name: string; kind: string } | null;
}

export interface Roll {
  at: string;
  closed: boolean;
  summary: Partial<Record<Doing, number>>;
  items: Answer[];
}

export interface Totals {
  days: number;
  distance_m: number;
  gap_m: number;
  ritase: number;
  stops: Record<string, number>;
  stop_s: Record<string, number>;
}

export interface Haunt {
  lon: number;
  lat: number;
  area: string | null;
  vehicles: string[];
  days: number;
  stops: number;
  total_s: number;
  /** Stops on each, Monday first. */
  weekdays: number[];
  /** ISO weekdays on which somebody is nearly always there. */
  every: number[];
  usual_min: number;
  dwells: string[];
}

export interface DayState {
  day: string;
  state: "open" | "closing" | "closed";
  closed: string | null;
  corrections: number | null;
  /** Devices whose late data the figures of a closed day were frozen without. */
  closed_without: { device: string; reason: string }[] | null;
  /** Late data that the figures do not know yet, and what they never will unless somebody helps. */
  waiting: { device: string; reason: string | null }[];
  refused: { device: string; reason: string }[];
}

export interface Lacking {
  kind: "waiting" | "without";
  names: string[];
  /** A line a device. */
  reasons: string;
}

/** Whose late data a day lacks: of a closed day what it was closed without, else who was refused, else who waits. */
export function lacking(day: DayState): Lacking | undefined {
  const refused = day.closed_without ?? day.refused;
  const found = refused.length ? refused : day.state === "closed" ? [] : day.waiting;
  if (!found.length) return undefined;
  const reasons = found.map(({ device, reason }) => [device, reason].filter(Boolean).join(": ")).join("\n");
  return { kind: refused.length ? "without" : "waiting", names: found.map(({ device }) => device), reasons };
}

/** Who answers the roll with `only`; without it, whom somebody should look after. */
export function called(items: readonly Answer[], only?: Doing): Answer[] {
  const wanted = only ? [only] : EXCEPTIONS;
  const rank = ({ state }: Answer): number => DOINGS.indexOf(state);
  const since = (one: Answer): number => (one.since === null ? 0 : Date.parse(one.since));
  return items
    .filter((one) => wanted.includes(one.state))
    .sort((a, b) => rank(a) - rank(b) || since(a) - since(b) || byName(a.vehicle, b.vehicle));
}

export interface Part {
  status: Status;
  count: number;
  percent: number;
}

/** The pieces of a bar, none of them empty. Percentages are of all that was planned. */
export function parts(counts: Counts): Part[] {
  return STATUSES.flatMap((status) =>
    counts[status] > 0 && counts.planned > 0 ? [{ status, count: counts[status], percent: (100 * counts[status]) / counts.planned }] : [],
  );
}

/** Rounds by what went wrong: missed before unknown before late, then by name. */
export function byNeed(routes: readonly Round[]): Round[] {
  return [...routes].sort(
    (a, b) => b.counts.missed - a.counts.missed || b.counts.unknown - a.counts.unknown || b.counts.late - a.counts.late
      || byName(a.name || a.route, b.name || b.route),
  );
}

export const inTrouble = ({ counts, streets }: Round): boolean =>
  counts.missed + counts.unknown + counts.late > 0 || streets.some(({ status }) => status === "missed" || status === "unknown");

/** What a round's line opens to: points missed, then those of which nobody knows, each in the order of the round. */
export function unserved(points: readonly Point[]): Point[] {
  return (["missed", "unknown"] as const).flatMap((status) => points.filter((each) => each.status === status));
}

/** Why a point is unknown: what there was nobody could have heard. */
export type Doubt = "unregistered" | "unmanned" | "unheard";

export function doubt(point: Point, round: Pick<Round, "units">): Doubt | undefined {
  if (point.status !== "unknown") return undefined;
  if (point.name === "" && point.unheard === null) return "unregistered";
  return round.units.length ? "unheard" : "unmanned";
}

/** A city day some days on, "2026-11-24" in and out. */
export function shiftDay(day: string, by: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);
}

/** "08:39": minutes after midnight as a time of day; past midnight it begins again. */
export function clockOf(minutes: number): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}

const names = new Intl.Collator(undefined, { numeric: true });
const byName = (a: string, b: string): number => names.compare(a, b);
