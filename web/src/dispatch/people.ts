/** The volunteers: how many are on duty, what they are called, which device is whose. */
import * as api from "./api.ts";
import { assignments, type Page } from "../api.ts";
import type { Assignment } from "../types.ts";
import type { Volunteer } from "./types.ts";

const AGAIN_MS = 60_000;

export class People {
  onDuty: number | undefined;
  registered: number | undefined;
  known: Volunteer[] = [];
  private readonly byId = new Map<string, Volunteer>();
  private readonly holders = new Map<string, string>();
  private readonly sought = new Set<string>();
  private askedAt = 0;

  constructor(
    private readonly changed: () => void,
    private readonly mayRead: () => boolean,
    private readonly mayReadRegistry: () => boolean,
  ) {}

  async count(): Promise<void> {
    if (!this.mayRead()) return;
    try {
      const { on_duty, registered } = await api.strength();
      [this.onDuty, this.registered] = [on_duty, registered];
      this.changed();
    } catch {
      // the figure that is shown stays; the next beat asks again
    }
  }

  /** Names, telephones and whose device is whose; at most once a minute. */
  async read(): Promise<void> {
    if (!this.mayRead() || Date.now() - this.askedAt < AGAIN_MS) return;
    this.askedAt = Date.now();
    const held: Promise<Page<Assignment>> = this.mayReadRegistry() ? assignments() : Promise.resolve({ items: [], next: null });
    try {
      const [people, devices] = await Promise.all([api.volunteers(), held]);
      [this.onDuty, this.registered, this.known] = [people.on_duty, people.registered, people.items];
      this.byId.clear();
      for (const each of people.items) this.byId.set(each.id, each);
      this.learn(devices.items, Date.now());
    } catch {
      this.askedAt = 0; // ids stand where names would
    }
    this.changed();
  }

  /** Who somebody is; whoever the list did not hold is asked for, once. */
  of(id: string): Volunteer | undefined {
    const found = this.byId.get(id);
    if (!found && this.askedAt === 0) void this.read();
    else if (!found && this.known.length && !this.sought.has(id)) void this.seek(id);
    return found;
  }

  name(id: string): string {
    return this.of(id)?.name || id;
  }

  /** Who carries a device now. */
  holder(device: string): string | undefined {
    return this.holders.get(device);
  }

  private async seek(id: string): Promise<void> {
    this.sought.add(id);
    try {
      this.byId.set(id, await api.person(id));
      this.changed();
    } catch {
      // nobody's any more: the id stands there
    }
  }

  private learn(rows: readonly Assignment[], now: number): void {
    this.holders.clear();
    for (const { device, person, from, until } of rows) {
      const holds = (!from || Date.parse(from) <= now) && (!until || now < Date.parse(until));
      if (person && holds) this.holders.set(device, person);
    }
  }
}
