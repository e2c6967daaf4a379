/** Calls for help that nobody has taken yet: put together from events, the archive and the live rows. No DOM, no network. */
import type { Alert, AlertEvent, Unit } from "./types.ts";

/** A call as people see it. `at` is when the button was pressed, by the device's clock, ms. */
export interface Call {
  id: string;
  device: string;
  vehicle: string | null;
  lon: number;
  lat: number;
  at: number;
  revision: number;
}

interface Known extends Call {
  raised: boolean;
  heard: number; // which of our own steps brought it: a list that was asked for earlier knows less
}

const MOST = 500; // remembered, taken ones included
const LIFE_MS = 900_000; // an alert that is heard later than this is news to nobody

/** Whether an alert of a rule sounds: neither in the digest nor in quiet hours, and not the echo of an outage of ours. */
export function sounds(event: AlertEvent, now: number): boolean {
  return event.alert_kind === "rule" && event.state === "raised" && !event.digest && !event.quiet && now - Date.parse(event.at) < LIFE_MS;
}

/**
 * Three ways lead here, and any of them is enough: an event (at once), the list of alerts (after a reload), and the
 * live row (also while the archive is away). Only an event or a list that says so takes a call away.
 */
export class Calls {
  private readonly known = new Map<string, Known>();
  private steps = 0;

  /** An event of the feed. */
  hear(event: AlertEvent): void {
    if (event.alert_kind !== "sos") return;
    this.learn({ ...event, vehicle: this.known.get(event.id)?.vehicle ?? null, at: Date.parse(event.at) }, event.state);
  }

  /** An alert as the API has it, for instance after it was taken here. */
  see(alert: Alert): void {
    if (alert.kind === "sos") this.learn({ ...alert, at: Date.parse(alert.at) }, alert.state);
  }

  /** To be asked before a list is read; `settle` needs it. */
  mark(): number {
    return this.steps;
  }

  /** The list of alerts, every raised one among them: what was known before it was asked for, and is not in it, is over. */
  settle(alerts: readonly Alert[], mark: number): void {
    const listed = new Set(alerts.map((each) => each.id));
    for (const [id, each] of this.known) if (each.raised && each.heard <= mark && !listed.has(id)) each.raised = false;
    for (const alert of alerts) this.see(alert);
  }

  /** What still waits for a person, the newest press first. */
  standing(units: Iterable<Unit>): Call[] {
    const found = new Map<string, Call>([...this.known.values()].filter((each) => each.raised).map((each) => [each.id, each]));
    for (const unit of units) {
      if (unit.sos === null || unit.sos === undefined || this.known.has(unit.sos)) continue;
      const { device, vehicle, lon, lat, time } = unit;
      found.set(unit.sos, { id: unit.sos, device, vehicle, lon, lat, at: time, revision: 0 });
    }
    return [...found.values()].sort((a, b) => b.at - a.at || a.id.localeCompare(b.id));
  }

  /** The vehicle of a device that called, where there is no live row to ask. */
  vehicleOf(device: string): string | undefined {
    return [...this.known.values()].find((each) => each.device === device)?.vehicle ?? undefined;
  }

  private learn(call: Call, state: Alert["state"]): void {
    const { id, device, vehicle, lon, lat, at, revision } = call;
    const before = this.known.get(id);
    if (before && before.revision > revision) return;
    const raised = state === "raised";
    // what was taken keeps the time and the place of its press
    const told = raised || !before ? { lon, lat, at } : { lon: before.lon, lat: before.lat, at: before.at };
    this.known.delete(id);
    this.known.set(id, { id, device, vehicle, ...told, revision, raised, heard: ++this.steps });
    this.forget();
  }

  private forget(): void {
    for (const [id, each] of this.known) {
      if (this.known.size <= MOST) return;
      if (!each.raised) this.known.delete(id);
    }
  }
}

/** Which presses were not rung for yet: each rings once, and again when the same alert is told anew. */
export class Heard {
  private readonly seen = new Map<string, number>();

  /** True while one of the calls is newer than what somebody has hushed. */
  rings(calls: readonly Call[]): boolean {
    return calls.some((call) => call.at > (this.seen.get(call.id) ?? Number.NEGATIVE_INFINITY));
  }

  hush(calls: readonly Call[]): void {
    this.seen.clear();
    for (const call of calls) this.seen.set(call.id, call.at);
  }
}
