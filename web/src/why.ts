/** What the page "why is it not on the map?" asks, and how it finds the device that somebody means. No DOM. */
import * as api from "./api.ts";
import type { Assignment, Held, Why } from "./types.ts";

/** What people may mean: a device with all that it is called by, or a vehicle or a person that has none (`device` undefined). */
export interface Named {
  label: string;
  device: string | undefined;
  names: string[];
}

const MOST = 8;

/** Devices by id, name, vehicle, plate and person, as the assignments of `now` join them; then who has no device. */
export function directory(
  devices: readonly { id: string; name?: string }[],
  vehicles: readonly { id: string; plate?: string }[],
  people: readonly { id: string; name?: string }[],
  assignments: readonly Assignment[],
  now: number,
): Named[] {
  const plates = new Map(vehicles.map((each) => [each.id, each.plate ?? ""]));
  const persons = new Map(people.map((each) => [each.id, each.name ?? ""]));
  const others = [...plates, ...persons];
  const holds = (each: Assignment): boolean =>
    (!each.from || Date.parse(each.from) <= now) && (!each.until || now < Date.parse(each.until));
  const joined = new Map<string, Assignment[]>();
  for (const each of assignments.filter(holds)) joined.set(each.device, [...(joined.get(each.device) ?? []), each]);
  const taken = new Set<string>();
  const found = devices.map(({ id, name = "" }): Named => {
    const parts = (joined.get(id) ?? []).flatMap(({ vehicle, person }) => [
      ...(vehicle ? [vehicle, plates.get(vehicle) ?? ""] : []),
      ...(person ? [person, persons.get(person) ?? ""] : []),
    ]);
    for (const each of parts) taken.add(each);
    return { label: id, device: id, names: named(id, [name, ...parts]) };
  });
  const without = others.filter(([id]) => !taken.has(id));
  return [...found, ...without.map(([id, name]): Named => ({ label: id, device: undefined, names: named(id, [name]) }))];
}

const named = (id: string, names: readonly string[]): string[] =>
  [...new Set(names)].filter((each) => each !== "" && each !== id);

/** Those that somebody may mean: exact names first, then beginnings, then what holds the words anywhere. */
export function sought(all: readonly Named[], words: string): Named[] {
  const wanted = plain(words);
  if (!wanted) return [];
  const rank = (one: Named): number => {
    const texts = [one.label, ...one.names].map(plain);
    if (texts.includes(wanted)) return 0;
    if (texts.some((each) => each.startsWith(wanted))) return 1;
    return texts.some((each) => each.includes(wanted)) ? 2 : 3;
  };
  return all
    .map((one) => ({ one, rank: rank(one) }))
    .filter((each) => each.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.one.label.localeCompare(b.one.label, undefined, { numeric: true }))
    .slice(0, MOST)
    .map((each) => each.one);
}

/** Plates are written with and without spaces. */
const plain = (text: string): string => text.toLocaleLowerCase().replace(/[\s._-]+/g, "");

/** The page's state: what was asked, what came back, who is waiting to be adopted. */
export class Asking {
  open = false;
  words = "";
  asked: Named | undefined;
  why: Why | undefined;
  state: "idle" | "busy" | "failed" = "idle";
  held: Held[] = [];
  heldFailed = false;
  adopting: string | undefined;
  adoptOf: string | undefined; // the one tried last
  adoptFailed: string | undefined;
  known: Named[] = [];
  private beats = 0;

  constructor(private readonly changed: () => void) {}

  /** To be called every ten seconds: the page keeps itself fresh, and who waits is looked up once a minute without it. */
  beat(): void {
    this.beats += 1;
    if (this.open || this.beats % 6 === 1) void this.readHeld();
    if (this.open && this.state === "idle" && this.asked?.device !== undefined) void this.read(this.asked.device);
  }

  /** Opens the page and reads what a search needs. */
  async show(now: number, readsPeople: boolean): Promise<void> {
    this.open = true;
    this.changed();
    await Promise.all([this.readHeld(), this.readNames(now, readsPeople)]);
  }

  /** What somebody typed: one of those that were found, else a device id that nobody may have registered. */
  async ask(one: Named): Promise<void> {
    this.asked = one;
    this.words = "";
    this.why = undefined;
    this.state = one.device === undefined ? "idle" : "busy";
    this.changed();
    if (one.device !== undefined) await this.read(one.device);
  }

  async adopt(device: string, given: { class: string; name: string; vehicle?: string }): Promise<void> {
    this.adopting = this.adoptOf = device;
    this.adoptFailed = undefined;
    this.changed();
    try {
      await api.adopt(device, given);
      this.held = this.held.filter((each) => each.device !== device);
    } catch (problem) {
      this.adoptFailed = problem instanceof api.Problem ? problem.message : String(problem);
    }
    this.adopting = undefined;
    this.changed();
  }

  private async read(device: string): Promise<void> {
    try {
      const why = await api.why(device);
      if (this.asked?.device === device) [this.why, this.state] = [why, "idle"];
    } catch {
      if (this.asked?.device === device) [this.why, this.state] = [undefined, "failed"];
    }
    this.changed();
  }

  private async readHeld(): Promise<void> {
    try {
      this.held = (await api.held()).items;
      this.heldFailed = false;
    } catch {
      this.heldFailed = true;
    }
    this.changed();
  }

  private async readNames(now: number, readsPeople: boolean): Promise<void> {
    try {
      const [devices, vehicles, people, assignments] = await Promise.all([
        api.devices(), api.vehicles(), readsPeople ? api.people() : { items: [] }, api.assignments(),
      ]);
      this.known = directory(devices.items, vehicles.items, people.items, assignments.items, now);
    } catch {
      // ids can be asked for without it
    }
    this.changed();
  }
}

/** A device that is asked for by its id alone. */
export const byId = (device: string): Named => ({ label: device, device, names: [] });
