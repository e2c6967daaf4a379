/** The console's state, and everything that changes it. Views read it and call its verbs; it knows no view. */
import { lasts, onePerThread, waiting } from "./alerts.ts";
import * as api from "./api.ts";
import { Dispatching } from "./dispatch/dispatching.ts";
import type { Incident } from "./dispatch/types.ts";
import { Fleet, isPerson, look, name, type Look } from "./fleet.ts";
import { Lists } from "./lists.ts";
import { Live, type Link } from "./live.ts";
import { Past } from "./past.ts";
import { Heard, type Call } from "./calls.ts";
import { Rounds } from "./rounds.ts";
import { Saying } from "./saying.ts";
import { CityClock } from "./time.ts";
import { Asking, byId } from "./why.ts";
import type { Alert, Bootstrap, Me, Unit, Vehicle } from "./types.ts";
import { w } from "./words/index.ts";

export type Tab = "attention" | "dwells" | "incidents";

const plain = (kind: string): string => kind.charAt(0).toLocaleUpperCase() + kind.slice(1).replaceAll("_", " ");
const BEAT_MS = 10_000;

interface Hooks {
  /** Units changed; called at once, before anything waits for a repaint. */
  units(changed: readonly Unit[]): void;
  /** An alert of a rule that people are to hear. */
  chime(): void;
  /** Anything changed; views are drawn with the next repaint. */
  change(): void;
  selected(device: string | undefined, byList: boolean): void;
  incident(chosen: Incident | undefined): void;
  point(lon: number, lat: number): void;
  signedOut(): void;
}

export class App {
  readonly fleet = new Fleet();
  readonly clock: CityClock;
  readonly lists: Lists;
  readonly vehicles = new Map<string, Vehicle>();
  readonly areas = new Map<string, string>();
  /** Where the name of an area is written: for want of a better place, where something in it is. */
  readonly areaPoints = new Map<string, [lon: number, lat: number]>();
  /** What people call a rule, and what it watches. */
  readonly rules = new Map<string, { name: string; fact: string }>();
  readonly failedAcks = new Set<string>();
  readonly heard = new Heard();
  readonly asking = new Asking(() => this.hooks.change());
  readonly saying = new Saying(() => this.now(), () => this.hooks.change());
  readonly rounds: Rounds;
  readonly dispatch: Dispatching;
  /** Where known places are. */
  readonly places = new Map<string, [lon: number, lat: number]>();
  past: Past | undefined;
  link: Link = "connecting";
  tab: Tab = "attention";
  search = "";
  only: Look | undefined;
  showPeople = true;
  onlyUnexplained = false;
  following = false;
  selected: string | undefined;
  private readonly acking = new Set<string>();
  private readonly live: Live;
  private beat = 0;
  private beats = 0;

  constructor(
    readonly me: Me,
    readonly boot: Bootstrap,
    private readonly hooks: Hooks,
  ) {
    this.clock = new CityClock(me.city.tz);
    this.rounds = new Rounds(this.clock, () => this.now(), () => this.hooks.change());
    this.dispatch = new Dispatching({
      change: () => this.hooks.change(),
      show: (lon, lat) => this.hooks.point(lon, lat),
      may: (permission) => this.may(permission),
      signedOut: () => this.hooks.signedOut(),
      chosen: (incident) => {
        if (this.dispatch.open !== undefined) this.unselect();
        this.hooks.incident(incident);
      },
    });
    this.live = new Live({
      message: (message, at) => {
        const changed = this.fleet.apply(message, at);
        this.past?.lengthen(changed, this.now());
        this.hooks.units(changed);
        this.hooks.change();
      },
      link: (link) => this.set(() => (this.link = link)),
      signedOut: () => this.hooks.signedOut(),
    });
    this.lists = new Lists(this.clock, {
      now: () => this.now(),
      change: () => this.hooks.change(),
      dwells: () => void this.readStops(),
      alerts: () => this.settle(),
      chime: () => this.hooks.chime(),
      dispatch: (topic, event) => this.dispatch.hear(topic, event),
      returned: () => void this.dispatch.reload(),
      signedOut: () => this.hooks.signedOut(),
    });
  }

  start(): void {
    const asks = this.may("registry.read");
    if (asks) this.asking.beat();
    this.dispatch.start();
    this.beat = window.setInterval(() => {
      this.beats += 1;
      if (asks) this.asking.beat();
      if (this.beats % 3 === 0) void this.dispatch.beat();
      this.rounds.beat();
    }, BEAT_MS);
    this.live.open();
    this.lists.start();
    void this.lists.take(api.vehicles, ({ items }) => items.forEach((row) => this.vehicles.set(row.id, row)));
    void this.readRules();
  }

  stop(): void {
    this.live.close();
    this.lists.stop();
    clearInterval(this.beat);
  }

  reconnect(): void {
    this.live.reconnect();
    this.lists.refresh();
  }

  /** The server's present, ms. */
  now(): number {
    return this.fleet.now(Date.now());
  }

  may(permission: string): boolean {
    return this.me.may.includes(permission);
  }

  unit(device: string | undefined): Unit | undefined {
    return device === undefined ? undefined : this.fleet.units.get(device);
  }

  /** What a person calls a device: its vehicle, else itself. */
  nameOf(device: string): string {
    const unit = this.fleet.units.get(device);
    return unit ? name(unit) : (this.lists.calls.vehicleOf(device) ?? device);
  }

  where(unit: Unit): string {
    return unit.dwell?.place?.name ?? this.areaName(unit.area);
  }

  areaName(id: string | null): string {
    return id === null ? "" : (this.areas.get(id) ?? "");
  }

  /** The city's own word for something, such as what it calls its volunteers. */
  word(which: string, usual: string): string {
    const own = this.boot.city.words[which];
    return own ? own.charAt(0).toLocaleUpperCase() + own.slice(1) : usual;
  }

  /** Whether a unit passes the search and the chosen state. */
  passes(unit: Unit): boolean {
    if (isPerson(unit) && !unit.alert && (!this.showPeople || this.only)) return false;
    if (this.only && look(unit) !== this.only) return false;
    const sought = this.search.trim().toLocaleLowerCase();
    if (!sought) return true;
    const plate = unit.vehicle ? this.vehicles.get(unit.vehicle)?.plate : undefined;
    const texts = [unit.device, unit.vehicle, plate, this.areaName(unit.area), unit.dwell?.place?.name];
    return texts.some((each) => each?.toLocaleLowerCase().includes(sought));
  }

  /** Calls for help that nobody has taken, the newest first. */
  calls(): Call[] {
    return this.lists.calls.standing(this.fleet.units.values());
  }

  /** What waits for somebody and still goes on, one for each cause, the oldest first; what came too late is in `away`. */
  raised(): Alert[] {
    return onePerThread(this.waiting().filter((alert) => !alert.digest && this.lasts(alert))).reverse();
  }

  /** Alerts of rules among them, the oldest first; of one device if it is named. */
  ruled(device?: string): Alert[] {
    return this.raised().filter((alert) => alert.kind === "rule" && (device === undefined || alert.device === device));
  }

  /** Alerts that nobody took on while they lasted, newest first. */
  missed(): Alert[] {
    return onePerThread(this.waiting().filter((alert) => !alert.digest && !this.lasts(alert)));
  }

  /** Alerts that were found out too late to be acted on, newest first. */
  away(): Alert[] {
    return this.waiting().filter((alert) => alert.digest);
  }

  /** The rule that an alert was raised by, as people named it, else the limit of its class. */
  ruleName(alert: Alert): string {
    return alert.rule === null ? w().away.limit : (this.rules.get(alert.rule)?.name ?? alert.rule);
  }

  /** The same, and how often it was told already. */
  cause(alert: Alert): string {
    const why = this.ruleName(alert);
    return alert.level > 1 ? `${why} · ${w().banner.level(alert.level)}` : why;
  }

  /** Id of what a unit calls for: help before all else. */
  alertOf(device: string): string | undefined {
    const sos = this.fleet.units.get(device)?.sos;
    const call = sos ? this.calls().find((each) => each.id === sos) : undefined; // as the row says it
    const limit = this.waiting().filter((alert) => alert.device === device && alert.kind === "dwell_limit" && this.lasts(alert));
    return call?.id ?? limit[0]?.id;
  }

  /** Who took the unit's present alert on. */
  handler(unit: Unit): string | undefined {
    const dwell = unit.dwell?.id;
    if (dwell === undefined) return undefined;
    const by = this.lists.alerts.find((each) => each.dwell === dwell && each.state === "acknowledged")?.by;
    const role = by?.replace(/^link:/, ""); // who came by a role's link is known by the role
    return role ? (w().role[role] ?? role) : undefined;
  }

  isAcking(alert: string): boolean {
    return this.acking.has(alert);
  }

  select(device: string | undefined, byList = false): void {
    if (device !== undefined && device === this.selected) return this.hooks.selected(device, byList);
    if (device !== undefined) this.dispatch.choose(undefined);
    this.selected = device;
    this.following = false;
    this.past = device === undefined ? undefined : new Past(device);
    if (this.past) void this.readPast(this.past);
    this.hooks.selected(device, byList);
    this.hooks.change();
  }

  /** No unit's details: an incident's stand there. */
  private unselect(): void {
    if (this.selected !== undefined) this.select(undefined);
  }

  /** Opens the page that says why a device is not on the map, for this one if it is known. */
  askWhy(device?: string): void {
    void this.asking.show(this.now(), this.may("people.read"));
    if (device !== undefined) void this.asking.ask(byId(device));
  }

  toggleRounds(): void {
    if (this.rounds.open) this.rounds.close();
    else if (this.may("fleet.read")) this.rounds.show();
  }

  set(change: () => void): void {
    change();
    this.hooks.change();
  }

  async acknowledge(alert: string): Promise<void> {
    if (this.acking.has(alert)) return;
    this.set(() => this.acking.add(alert));
    this.failedAcks.delete(alert);
    try {
      this.lists.calls.see(await api.acknowledge(alert));
    } catch (problem) {
      // 409: better knowledge came first, the alert is none
      if (!(problem instanceof api.Problem && problem.status === 409)) this.failedAcks.add(alert);
    }
    this.acking.delete(alert);
    await this.lists.read("alert");
  }

  /** What people call a kind of incident: the city's word for it. */
  kindName(kind: string): string {
    return this.boot.city.hazards.find((each) => each.kind === kind)?.name ?? w().incidentKind[kind] ?? plain(kind);
  }

  /** Whether an incident bears the words that are sought. */
  bears(incident: Incident): boolean {
    const sought = this.search.trim().toLocaleLowerCase();
    const texts = [this.kindName(incident.kind), this.areaName(incident.area), incident.address, incident.text, incident.id];
    return !sought || texts.some((each) => each?.toLocaleLowerCase().includes(sought));
  }

  private waiting(): Alert[] {
    return waiting(this.lists.alerts);
  }

  private lasts(alert: Alert): boolean {
    const fact = alert.rule === null ? undefined : this.rules.get(alert.rule)?.fact;
    return lasts(alert, this.fleet.units.get(alert.device), this.now(), fact);
  }

  /** What the list of alerts knows of acknowledgements, the units are told. */
  private settle(): void {
    const taken = this.lists.alerts.filter((each) => each.state === "acknowledged");
    this.fleet.handle(taken.flatMap((each) => each.dwell ?? []));
    this.hooks.units([]);
    const strange = this.lists.alerts.flatMap(({ rule }) => (rule === null || this.rules.has(rule) ? [] : [rule]));
    for (const rule of strange) this.rules.set(rule, { name: rule, fact: "" }); // one that is no more is asked for once
    if (strange.length) void this.readRules();
  }

  private readRules(): Promise<void> {
    return this.lists.take(api.rules, ({ items }) => items.forEach((row) => this.rules.set(row.id, { name: row.name || row.id, fact: row.fact })));
  }

  /** The stops of the chosen unit again, for one may have ended or been explained. */
  private async readStops(): Promise<void> {
    if (await this.past?.readStops(this.now(), this.clock.startOfDay(this.now()))) this.hooks.change();
  }

  private async readPast(past: Past): Promise<void> {
    await past.read(this.now(), this.clock.startOfDay(this.now()));
    const unit = this.unit(past.device);
    if (unit) past.lengthen([unit], this.now());
    this.hooks.change();
  }
}
