/** The console at work: joins the app's state, the map and the page, and repaints them together. */
import * as api from "./api.ts";
import { App } from "./app.ts";
import { ended } from "./dispatch/scene.ts";
import type { Incident } from "./dispatch/types.ts";
import { isPerson } from "./fleet.ts";
import { keep } from "./keep.ts";
import { listenKeys } from "./keys.ts";
import { namePoint } from "./map/areas.ts";
import { helpers } from "./map/incidents.ts";
import { FleetMap, hasWebgl2 } from "./map/map.ts";
import { TRAIL_MS, circle, gapAfterMs, trailLines } from "./map/trail.ts";
import { Siren } from "./siren.ts";
import { duration } from "./time.ts";
import type { Bootstrap, Me, Unit } from "./types.ts";
import { shell } from "./ui/shell.ts";
import type { View } from "./ui/topbar.ts";
import { switchLanguage, w } from "./words/index.ts";

const FURNISH_AGAIN_MS = 60_000;
const INCIDENT_ZOOM = 13; // those who will be asked are in sight
const FLOOD_M = 220;
const FLOOD_CM = 25; // motorbikes pass, slowly
const TICK_MS = 1000; // ages grow though nothing arrives

export class Desk {
  private readonly app: App;
  private readonly stage = document.createElement("div");
  private readonly siren = new Siren();
  private map: FleetMap | undefined;
  private view: View | undefined;
  private notice: string | undefined;
  private asked = 0;
  private filters = "";
  private covered = false;
  private trail = "";

  constructor(me: Me, boot: Bootstrap, signedOut: () => void) {
    this.stage.className = "map";
    this.notice = hasWebgl2() ? undefined : w().map.noWebgl;
    this.app = new App(me, boot, {
      units: (changed) => this.showUnits(changed),
      change: () => this.ask(),
      chime: () => this.siren.chime(),
      selected: (device, byList) => this.turnTo(device, byList),
      incident: (chosen) => this.turnToIncident(chosen),
      point: (lon, lat) => this.map?.centre(lon, lat),
      signedOut: () => {
        this.app.stop();
        signedOut();
      },
    });
  }

  open(): void {
    this.build();
    if (this.notice === undefined) this.openMap();
    void this.furnish();
    listenKeys(this.app, () => this.map?.fit());
    this.app.start();
    setInterval(() => this.ask(), TICK_MS);
  }

  private build(): void {
    this.view = shell(this.app, this.stage, this.notice, {
      language: () => {
        switchLanguage();
        this.build();
      },
      theme: () => this.switchTheme(),
      signOut: () => void api.signOut().finally(() => location.assign(document.baseURI)),
      zoom: (by) => this.map?.zoom(by),
      fit: () => this.map?.fit(),
      flood: () => this.flood(),
      showPoint: (lon, lat) => this.map?.centre(lon, lat),
      showSpot: (lon, lat) => this.map?.spot(lon, lat),
      siren: this.siren,
    });
    document.body.replaceChildren(this.view.node);
    this.view.render();
    this.map?.resize();
  }

  private openMap(): void {
    try {
      this.map = new FleetMap(this.stage, this.app.boot, {
        point: (lon, lat) => this.app.dispatch.place(lon, lat),
        pick: (device, incident) => (incident === undefined ? this.app.select(device) : this.pickIncident(incident)),
        userMoved: () => this.app.set(() => (this.app.following = false)),
        baseFailed: () => console.warn(w().map.noBase),
        painted: (units) => document.dispatchEvent(new CustomEvent("ronda:painted", { detail: { at: Date.now(), units } })),
      });
    } catch {
      this.notice = w().map.failed;
      this.build();
    }
  }

  private switchTheme(): void {
    const root = document.documentElement.dataset;
    root["theme"] = root["theme"] === "dark" ? "light" : "dark";
    keep("theme", root["theme"]);
    this.map?.recolour();
  }

  /** Asks for one repaint, however much changes before it. */
  private ask(): void {
    document.title = this.title(); // also while the page is in the background
    this.asked ||= requestAnimationFrame(() => this.paint());
  }

  /** A call for help blinks there. */
  private title(): string {
    const [call, ...others] = this.app.calls();
    if (call) {
      const sign = Math.floor(this.app.now() / 1000) % 2 ? "🆘" : "‼️";
      return `${sign} SOS ${this.app.nameOf(call.device)}${others.length ? ` +${others.length}` : ""}`;
    }
    const raised = this.app.raised().length;
    return raised ? `(${raised}) ${w().product}` : w().product;
  }

  private paint(): void {
    this.asked = 0;
    this.view?.render();
    if (!this.map) return;
    this.coverMap(this.map);
    const filters = `${this.app.only}|${this.app.search}|${this.app.showPeople}`;
    if (filters !== this.filters) this.showUnits([]);
    this.filters = filters;
    this.showTrail(this.map);
    this.map.setCalls(this.app.calls().map((call) => ({ ...call, label: `SOS ${this.app.nameOf(call.device)}` })));
    this.showIncidents(this.map);
  }

  private showIncidents(map: FleetMap): void {
    const { scene, open, placing, draft } = this.app.dispatch;
    const incidents = [...scene.incidents.values()].filter((each) => !ended(each) || each.id === open);
    const marks = incidents.map((each) => ({ ...each, label: this.app.kindName(each.kind), chosen: each.id === open }));
    map.setIncidents(marks, incidents.flatMap((each) => helpers(scene.live(each.id), each, scene.plans.get(each.id), each.id === open, (device) => this.app.unit(device))));
    map.setDraft(open === "new" && draft.place ? draft.place : undefined);
    map.point(placing !== undefined);
  }

  /** The page of the rounds covers the map's left. */
  private coverMap(map: FleetMap): void {
    const { open } = this.app.rounds;
    if (open === this.covered) return;
    this.covered = open;
    const page = document.querySelector(".rounds")?.getBoundingClientRect().right ?? 0;
    map.cover(open ? page - this.stage.getBoundingClientRect().left : 0);
  }

  private showUnits(changed: readonly Unit[]): void {
    const { app, map } = this;
    const shown = [...app.fleet.units.values()].filter((unit) => app.passes(unit) || unit.device === app.selected);
    map?.setUnits(shown, app.selected, changed);
    const unit = app.following ? changed.find((each) => each.device === app.selected) : undefined;
    if (unit) map?.follow(unit.lon, unit.lat);
  }

  private turnTo(device: string | undefined, byList: boolean): void {
    this.showUnits([]);
    const unit = this.app.unit(device);
    if (unit && byList) this.map?.centre(unit.lon, unit.lat);
  }

  private showTrail(map: FleetMap): void {
    const { past } = this.app;
    const key = past ? `${past.device}|${past.state}|${past.fixes.length}|${past.fixes.at(-1)?.time}` : "";
    if (key === this.trail) return;
    this.trail = key;
    const unit = this.app.unit(this.app.selected);
    const lines = trailLines(past?.fixes ?? [], this.app.now(), gapAfterMs(unit?.class ?? "truck"));
    const stops = (past?.dwells ?? [])
      .filter((row) => row.end !== null && Date.parse(row.end) > this.app.now() - TRAIL_MS) // the present one is the unit itself
      .map((row): GeoJSON.Feature => ({
        type: "Feature",
        properties: { label: duration(row.duration_s), minutes: row.duration_s / 60, alert: row.alert },
        geometry: { type: "Point", coordinates: [row.lon, row.lat] },
      }));
    map.setTrail(lines, { type: "FeatureCollection", features: stops });
  }

  private turnToIncident(chosen: Incident | undefined): void {
    this.showUnits([]);
    this.map?.lieBeside(chosen !== undefined);
    if (!chosen) return;
    const people = this.app.dispatch.scene.live(chosen.id).flatMap(({ device }) => this.app.unit(device) ?? []);
    if (people.length) this.map?.frame([chosen, ...people]);
    else this.map?.centre(chosen.lon, chosen.lat, INCIDENT_ZOOM);
  }

  private pickIncident(id: string): void {
    this.app.tab = "incidents";
    this.app.dispatch.choose(id);
  }

  /** A flood of the demo comes where people can see it: not far from the middle of the map, where volunteers are. */
  private flood(): void {
    const [lon, lat] = this.floodPlace(this.map?.middle() ?? this.app.boot.city.centre);
    const kind = this.app.boot.city.hazards.find((each) => /banjir|flood/i.test(each.kind + each.name))?.kind ?? "flood";
    const hazard = { ...circle(lon, lat, FLOOD_M), properties: { depth_cm: FLOOD_CM } };
    void this.app.dispatch.flood({ kind, lon, lat, severity: 2, text: w().dispatch.floodText, exercise: true, hazard });
  }

  private floodPlace(middle: [number, number]): [number, number] {
    const away = (unit: Unit): number => Math.hypot(unit.lon - middle[0], unit.lat - middle[1]);
    const near = [...this.app.fleet.units.values()].filter(isPerson).sort((a, b) => away(a) - away(b)).slice(0, 8);
    const some = near[Math.floor(Math.random() * near.length)];
    const aside = (): number => (Math.random() - 0.5) * 0.012;
    return some ? [some.lon + aside(), some.lat + aside()] : middle;
  }

  /** What the map stands on. A part that fails is tried again; the others are there. */
  private async furnish(): Promise<void> {
    const { boot, areas, areaPoints, places } = this.app;
    await this.part(boot.areas, (found) => {
      for (const { id, properties, geometry } of found.features) {
        const area = String(properties?.["id"] ?? id);
        areas.set(area, String(properties?.["name"] ?? ""));
        const middle = namePoint(geometry);
        if (middle) areaPoints.set(area, middle);
      }
      this.map?.setAreas(found);
    });
    await this.part(boot.streets, (found) => this.map?.setStreets(found));
    await this.part(boot.places, (found) => {
      for (const { id, geometry } of found.features) if (geometry.type === "Point") places.set(String(id), geometry.coordinates as [number, number]);
      this.map?.setPlaces(found);
    });
  }

  private async part(url: string | null, use: (found: GeoJSON.FeatureCollection) => void): Promise<void> {
    if (url === null) return;
    try {
      use(await api.geojson(`${url}?limit=10000`));
      this.ask();
    } catch {
      setTimeout(() => void this.part(url, use), FURNISH_AGAIN_MS);
    }
  }
}
