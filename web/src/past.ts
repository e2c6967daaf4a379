/** The chosen unit's last two hours and its stops of today: read once, then lengthened by the live feed. */
import * as api from "./api.ts";
import { TRAIL_MS, fixesOf, type Fix } from "./map/trail.ts";
import type { Dwell, Unit } from "./types.ts";

const AHEAD_MS = 60_000; // devices' clocks run ahead a little

export class Past {
  state: "loading" | "ready" | "failed" = "loading";
  fixes: Fix[] = [];
  dwells: Dwell[] = [];

  constructor(readonly device: string) {}

  async read(now: number, startOfDay: number): Promise<void> {
    const from = Math.floor(now - TRAIL_MS);
    const to = Math.ceil(now + AHEAD_MS);
    try {
      const [track, dwells] = await Promise.all([api.fixes(this.device, from, to), this.stops(Math.min(startOfDay, from), to)]);
      this.fixes = fixesOf(track);
      this.dwells = dwells;
      this.state = "ready";
    } catch {
      this.state = "failed";
    }
  }

  /** The stops again; whether they could be read. */
  async readStops(now: number, startOfDay: number): Promise<boolean> {
    if (this.state !== "ready") return false;
    const from = Math.min(startOfDay, Math.floor(now - TRAIL_MS));
    const dwells = await this.stops(from, Math.ceil(now + AHEAD_MS)).catch(() => undefined);
    this.dwells = dwells ?? this.dwells;
    return dwells !== undefined;
  }

  private async stops(from: number, to: number): Promise<Dwell[]> {
    const { items } = await api.dwells({ device: this.device, from, to });
    return items.filter((row) => row.state !== "retracted");
  }

  /** The live feed's newest fix lengthens the track, so that it needs no second request. */
  lengthen(units: readonly Unit[], now: number): void {
    const unit = units.find((each) => each.device === this.device);
    const last = this.fixes.at(-1);
    if (this.state !== "ready" || !unit || (last && unit.time <= last.time)) return;
    const kept = this.fixes.filter((each) => each.time >= now - TRAIL_MS);
    this.fixes = [...kept, { time: unit.time, lon: unit.lon, lat: unit.lat, speed: unit.speed }];
  }
}
