/** The latest known of every device, and the order in which people should look at them. No DOM, no network. */
import type { State, Unit } from "./types.ts";

export type Look = "alert" | State;
export type Band = "alert" | "handled" | "silent" | "stopped" | "known" | "moving" | "people";

/** The bands of the list, top to bottom. */
export const BANDS: readonly Band[] = ["alert", "handled", "silent", "stopped", "known", "moving", "people"];

interface Snapshot {
  type: "snapshot";
  t: number;
  fields: string[];
  positions: unknown[][];
}

interface Frame {
  type: "frame";
  t: number;
  positions: unknown[][];
  gone?: string[];
}

export type Message = Snapshot | Frame;

export class Fleet {
  readonly units = new Map<string, Unit>();
  /** Server time of the newest message, ms; 0 before the first. */
  serverTime = 0;
  /** The newest device time heard of, ms. */
  newestFix = 0;
  /** Dwells whose alert somebody took on; the live row learns of it only with the device's next fix. */
  private readonly handled = new Set<string>();
  private fields: string[] = [];
  private ahead = 0; // server clock minus ours, ms

  /** Takes one message of the live feed; answers the devices that changed. */
  apply(message: Message, receivedAt: number): Unit[] {
    if (message.type === "snapshot") {
      this.units.clear();
      this.fields = message.fields;
    }
    this.serverTime = message.t;
    this.ahead = message.t - receivedAt;
    const changed = message.positions.map((row) => this.calmed(this.unit(row)));
    for (const unit of changed) {
      this.units.set(unit.device, unit);
      // A device's clock may run ahead of the server's; data is never younger than now.
      this.newestFix = Math.max(this.newestFix, Math.min(unit.time, message.t));
    }
    if (message.type === "frame") for (const device of message.gone ?? []) this.units.delete(device);
    return changed;
  }

  /** Somebody took these dwells' alerts on: they no longer call for attention. */
  handle(dwells: Iterable<string>): void {
    for (const id of dwells) this.handled.add(id);
    for (const [device, unit] of this.units) this.units.set(device, this.calmed(unit));
  }

  private calmed(unit: Unit): Unit {
    const known = unit.alert && !unit.sos && unit.dwell?.alert && this.handled.has(unit.dwell.id);
    return known ? { ...unit, alert: false } : unit;
  }

  /** The server's present, by our clock's running. */
  now(local: number): number {
    return local + this.ahead;
  }

  private unit(row: unknown[]): Unit {
    const unit: Record<string, unknown> = {};
    this.fields.forEach((field, i) => {
      unit[field] = row[i] ?? null;
    });
    return doubted(unit as unknown as Unit);
  }
}

/**
 * A unit with a wrong clock stands where it says that it is, and nothing else is claimed of it: what it did when it was
 * believed last is over.
 */
function doubted(unit: Unit): Unit {
  const { clock } = unit;
  if (!clock) return unit;
  return { ...unit, state: "silent", lon: clock.lon, lat: clock.lat, speed: null, course: null, accuracy: null, area: null };
}

/** How a unit is drawn: an alert shows before what it is doing. */
export function look(unit: Unit): Look {
  return unit.alert ? "alert" : unit.state;
}

export const isPerson = (unit: Unit): boolean => unit.class === "phone";

export const isExplained = (unit: Unit): boolean =>
  unit.dwell !== null && ["planned", "allowed", "break"].includes(unit.dwell.purpose);

/**
 * The band a unit belongs to. A tracker that sleeps at a known place is no reason to worry, so it ranks below every
 * unexplained stop; one that fell silent anywhere else ranks right after the alerts.
 */
export function band(unit: Unit): Band {
  if (unit.alert) return "alert";
  if (isPerson(unit)) return "people";
  if (unit.dwell?.alert) return "handled";
  if (unit.clock) return "silent";
  if (unit.state === "moving") return "moving";
  if (isExplained(unit)) return "known";
  return unit.state === "silent" ? "silent" : "stopped";
}

/** Since when the unit has been as it is; a standing unit counts from the start of its stop, heard or not. */
export function standingSince(unit: Unit): number {
  if (unit.clock) return unit.clock.since;
  return unit.dwell ? unit.dwell.start : unit.since;
}

/** Sorts by need of attention: by band, then the longest first; the moving and the people by name. */
export function byAttention(units: Iterable<Unit>): Unit[] {
  return [...units]
    .map((unit) => ({ unit, rank: BANDS.indexOf(band(unit)) }))
    .sort((a, b) => a.rank - b.rank || within(a.unit, b.unit))
    .map(({ unit }) => unit);
}

const names = new Intl.Collator(undefined, { numeric: true });

function within(a: Unit, b: Unit): number {
  const calm = a.state === "moving" || isPerson(a);
  if (!calm && standingSince(a) !== standingSince(b)) return standingSince(a) - standingSince(b);
  return names.compare(name(a), name(b));
}

export const name = (unit: Pick<Unit, "vehicle" | "device">): string => unit.vehicle ?? unit.device;

/** How many vehicles look like what; people are counted apart. */
export function tally(units: Iterable<Unit>): Record<Look | "people", number> {
  const counts = { alert: 0, silent: 0, stopped: 0, moving: 0, people: 0 };
  for (const unit of units) counts[isPerson(unit) && !unit.alert ? "people" : look(unit)] += 1;
  return counts;
}

/** Up to when something is known of the unit's stop: now, or since when its clock is wrong. */
export const knownUntil = (unit: Unit, now: number): number => (unit.clock ? Math.min(now, unit.clock.since) : now);

/** How long the open stop lasts by now, and how much of it was heard and not; ms in, seconds out. */
export function standing(unit: Unit, now: number): { total: number; observed: number; silent: number } {
  const start = unit.dwell?.start ?? unit.since;
  const total = Math.max(0, (knownUntil(unit, now) - start) / 1000);
  if (!unit.dwell) return unit.state === "silent" ? { total, observed: 0, silent: total } : { total, observed: total, silent: 0 };
  // The row was right when it was sent. Since then a heard unit adds to what was observed, a silent one to the rest.
  const observed = unit.state === "silent" ? unit.dwell.observed_s : total - unit.dwell.silent_s;
  const heard = Math.min(total, Math.max(0, observed));
  return { total, observed: heard, silent: total - heard };
}
