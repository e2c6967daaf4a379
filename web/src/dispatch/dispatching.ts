/** The coordinator's work: which incident is looked at, what is being done to it, and what came of it. No DOM. */
import { Problem } from "../api.ts";
import * as api from "./api.ts";
import { Draft } from "./draft.ts";
import { ASKED_ONCE, type Act, type OfferAct } from "./moves.ts";
import { People } from "./people.ts";
import { LOOK, Scene, byUrgency, changes, ended, type Told, type Topic } from "./scene.ts";
import type { Incident, Offer } from "./types.ts";

const READ_AGAIN_MS = 150; // many events of one incident are one reading
const ARMED_MS = 6000;
const AT_ONCE = 4;
const PATIENCE_MS = 3000;

/** Something that the server did not do, told beside what it was about. */
export interface Refusal {
  /** The incident, or empty: of the whole city. */
  incident: string;
  act: string;
  said: string;
  /** Somebody else was faster: what they changed, and who, once it is known. */
  changed: Told[];
  before: Incident | undefined;
  who: string[];
  /** The same once more, for the version that is shown now. */
  again: (() => void) | undefined;
}

interface Hooks {
  change(): void;
  may(permission: string): boolean;
  signedOut(): void;
  /** Somebody chose an incident: the map turns to it. */
  chosen(incident: Incident | undefined): void;
  show(lon: number, lat: number): void;
}

export class Dispatching {
  readonly scene = new Scene();
  readonly people: People;
  readonly draft = new Draft();
  /** The incident whose details stand open; `new`: the form. */
  open: string | undefined;
  paused: boolean | undefined;
  busy: string | undefined;
  refusal: Refusal | undefined;
  /** What was pressed once and is asked for once more. */
  armed: string | undefined;
  /** A place on the map is being pointed at: for the new incident, or for the one that moves. */
  placing: "new" | "move" | undefined;
  /** Which small form stands open in the details: `edit`, `assign`, `why`, or an offer's id. */
  tray: string | undefined;
  failed = false;
  private readonly due = new Map<string, number>();
  private readonly read_ = new Set<string>();
  private disarm = 0;
  private tellsCity = true;
  private loaded = false;

  constructor(private readonly on: Hooks) {
    this.people = new People(on.change, () => on.may("people.read"), () => on.may("registry.read"));
  }

  /** The open ones and, beneath, those that ended; of those that bear the words. */
  listed(passes: (incident: Incident) => boolean): Incident[] {
    return [...this.scene.incidents.values()].filter(passes).sort(byUrgency);
  }

  openCount(): number {
    return [...this.scene.incidents.values()].filter((each) => !ended(each)).length;
  }

  chosen(): Incident | undefined {
    return this.open === undefined ? undefined : this.scene.incidents.get(this.open);
  }

  choose(id: string | undefined): void {
    if (id !== this.open) this.tray = this.placing = this.armed = undefined;
    this.open = id;
    if (id !== undefined && id !== "new") void this.readPeople(id, true);
    this.on.chosen(this.chosen());
    this.on.change();
  }

  startNew(): void {
    this.choose("new");
    this.placing = "new";
    this.on.change();
  }

  startMove(): void {
    this.placing = "move";
    this.on.change();
  }

  show(lon: number, lat: number): void {
    this.on.show(lon, lat);
  }

  /** A place pointed at on the map; answers whether one was wanted. */
  place(lon: number, lat: number): boolean {
    const { placing } = this;
    if (placing === undefined) return false;
    this.placing = undefined;
    if (placing === "new") this.draft.put(lon, lat);
    else if (this.open !== undefined) void this.act("move", { lon, lat });
    this.on.change();
    return true;
  }

  toggle(tray: string): void {
    this.tray = this.tray === tray ? undefined : tray;
    if (this.tray === "assign") void this.people.read();
    this.on.change();
  }

  /** Escape: the innermost thing that stands open; answers whether there was one. */
  back(): boolean {
    if (this.armed !== undefined) this.armed = undefined;
    else if (this.placing !== undefined) this.placing = undefined;
    else if (this.tray !== undefined) this.tray = undefined;
    else if (this.open !== undefined) this.choose(undefined);
    else return false;
    this.on.change();
    return true;
  }

  /** What sends people home is pressed twice; answers whether this was the second time, or once is enough. */
  sure(act: string, key: string): boolean {
    clearTimeout(this.disarm);
    const armed = this.armed;
    this.armed = undefined;
    if (!ASKED_ONCE.has(act) || armed === key) return true;
    this.armed = key;
    this.disarm = window.setTimeout(() => {
      this.armed = undefined;
      this.on.change();
    }, ARMED_MS);
    this.on.change();
    return false;
  }

  /** Does something with the chosen incident in the version that is shown; refused, it tells why and by whom it changed. */
  async act(name: Act, body: object = {}, about: string | undefined = this.open): Promise<boolean> {
    const before = about === undefined ? undefined : this.scene.incidents.get(about);
    if (!before) return false;
    return this.doing(`${before.id}.${name}`, name, before, async () => {
      const row = await (name === "edit" ? api.edit(before.id, body, before.revision) : api.act(before.id, name, body, before.revision));
      this.scene.see(row);
    }, () => void this.act(name, body, about));
  }

  /** The same for a form, which holds for the version that it was filled in for. */
  async edit(seen: Incident, body: object, done: () => void): Promise<void> {
    const saved = await this.doing(`${seen.id}.edit`, "edit", seen, async () => this.scene.see(await api.edit(seen.id, body, seen.revision)), () => {
      void this.edit(this.scene.incidents.get(seen.id) ?? seen, body, done);
    });
    if (saved) done();
  }

  /** What somebody says on the telephone, or what is decided about them. */
  async speak(offer: Offer, name: OfferAct, minutes = 0): Promise<boolean> {
    const before = this.scene.incidents.get(offer.incident);
    const [path, body] = name === "lock" || name === "stand_down" ? [name, {}] : ["answer", { answer: name, minutes }];
    return this.doing(`${offer.id}.${name}`, name, before, async () => {
      this.scene.seeOffer(await api.speak(offer.incident, offer.id, path, body));
      if (this.tray === offer.id) this.tray = undefined;
    }, undefined);
  }

  async pauseCity(paused: boolean): Promise<void> {
    await this.doing(`city.${paused}`, paused ? "city_pause" : "city_resume", undefined, async () => {
      this.paused = (await api.pauseCity(paused)).paused;
    }, undefined);
  }

  /** Opens what the form says, and asks for volunteers at once if told so; what was typed stays until it is in. */
  async submit(dispatch: boolean): Promise<void> {
    let opened: Incident | undefined;
    const done = await this.doing("new", "open", undefined, async () => {
      opened = await api.open(this.draft.body());
      this.scene.see(opened);
    }, undefined);
    if (!done || !opened) return;
    this.draft.clear();
    this.choose(opened.id);
    if (dispatch) await this.act("dispatch");
  }

  /** A flood of the demo: an exercise with water over the ground, for which volunteers are asked at once. */
  async flood(opening: api.Opening): Promise<void> {
    let opened: Incident | undefined;
    await this.doing("flood", "open", undefined, async () => {
      opened = await api.open(opening);
      this.scene.see(opened);
    }, undefined);
    if (!opened) return;
    this.choose(opened.id);
    if (this.on.may("incident.write")) await this.act("dispatch");
  }

  dismissRefusal(): void {
    this.refusal = undefined;
    this.on.change();
  }

  hear(topic: Topic, event: Record<string, unknown>): void {
    const stale = this.scene.hear(topic, event);
    if (stale !== undefined) this.soon(stale);
    this.on.change();
  }

  /** The feed brings everything when it opens; a page whose feed does not open reads it all the same. */
  start(): void {
    setTimeout(() => this.loaded || void this.reload(), PATIENCE_MS);
    void this.beat();
  }

  /** Everything again: at the start, and after the feed was away. */
  async reload(): Promise<void> {
    this.loaded = true;
    await this.take(api.incidents, (rows) => this.scene.settle(rows));
    this.read_.clear();
    const open = this.listed((each) => !ended(each) && (each.status !== "reported" || each.needs.some((need) => need.role === LOOK)));
    const ids = open.map((each) => each.id);
    const worker = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) await this.readPeople(id);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (this.open !== undefined && this.open !== "new") await this.readPeople(this.open);
  }

  /** To be called every now and then: what no event tells. */
  async beat(): Promise<void> {
    await this.people.count();
    if (!this.tellsCity) return;
    try {
      this.paused = (await api.city()).paused ?? this.paused;
      this.on.change();
    } catch (problem) {
      if (problem instanceof Problem && [403, 404, 405].includes(problem.status)) this.tellsCity = false;
    }
  }

  private async doing(key: string, act: string, before: Incident | undefined, work: () => Promise<void>, again: (() => void) | undefined): Promise<boolean> {
    if (this.busy !== undefined) return false;
    this.busy = key;
    this.refusal = undefined;
    this.on.change();
    let refused: unknown;
    try {
      await work();
    } catch (problem) {
      refused = problem;
    }
    this.busy = undefined;
    if (refused !== undefined) this.refused(act, before, refused, again);
    this.on.change();
    return refused === undefined;
  }

  private refused(act: string, before: Incident | undefined, problem: unknown, again: (() => void) | undefined): void {
    if (problem instanceof Problem && problem.status === 401) return this.on.signedOut();
    const said = problem instanceof Problem ? problem.message : String(problem);
    const newest = problem instanceof Problem ? (problem.body["newest"] as Incident | undefined) : undefined;
    const overtaken = before !== undefined && newest?.needs !== undefined && newest.revision > before.revision;
    if (newest?.needs !== undefined) this.scene.see(newest);
    const changed = overtaken ? changes(before, newest) : [];
    const refusal: Refusal = { incident: before?.id ?? "", act, said, changed, before: overtaken ? before : undefined, who: [], again: overtaken || !newest ? again : undefined };
    this.refusal = refusal;
    if (overtaken) void this.nameThem(refusal, before);
  }

  /** Who made the versions since the one that was seen. */
  private async nameThem(refusal: Refusal, before: Incident): Promise<void> {
    await this.take(() => api.timeline(before.id), (rows) => {
      const since = rows.filter((row) => row.kind === "incident" && (row.revision ?? 0) > before.revision);
      refusal.who = [...new Set(since.flatMap((row) => row.who ?? []))];
    });
  }

  private soon(id: string): void {
    if (this.due.has(id)) return;
    this.due.set(id, window.setTimeout(() => {
      this.due.delete(id);
      void this.take(() => api.incident(id), (row) => this.scene.see(row), [404]);
    }, READ_AGAIN_MS));
  }

  /** Offers and plan of an incident; the feed keeps them new. */
  private async readPeople(id: string, once = false): Promise<void> {
    if (once && this.read_.has(id)) return;
    this.read_.add(id);
    await this.take(() => api.offers(id), (rows) => rows.forEach((row) => this.scene.seeOffer(row)));
    await this.take(() => api.plan(id), (plan) => this.scene.seePlan(plan), [404]);
  }

  private async take<T>(read: () => Promise<T>, use: (value: T) => void, quiet: readonly number[] = []): Promise<void> {
    try {
      use(await read());
      this.failed = false;
    } catch (problem) {
      const status = problem instanceof Problem ? problem.status : 0;
      if (status === 401) this.on.signedOut();
      else if (!quiet.includes(status)) this.failed = true;
    }
    this.on.change();
  }
}
