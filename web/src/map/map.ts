/** The live map. Everything it shows comes in through `set…`; what people do on it goes out through `on`. */
import * as maplibregl from "maplibre-gl";
import type { GeoJSONSource, Map as GlMap } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";

import { isPerson, look, name } from "../fleet.ts";
import type { Bootstrap, Unit } from "../types.ts";
import { w } from "../words/index.ts";
import { areaNames, bounds } from "./areas.ts";
import { helperMarks, incidentMarks, links, type Helper, type Mark } from "./incidents.ts";
import { SOURCES, emptyStyle, layers, source, textLayers } from "./style.ts";
import { circle } from "./trail.ts";
import { UnitLayer, type Painted } from "./units.ts";

maplibregl.setWorkerUrl(workerUrl);

type SourceName = (typeof SOURCES)[number];
type Features = GeoJSON.FeatureCollection;
type Box = [number, number, number, number];

interface Handlers {
  /** A click on the map, before all else; true: it was wanted, and nothing is picked. */
  point(lon: number, lat: number): boolean;
  pick(device: string | undefined, incident: string | undefined): void;
  userMoved(): void;
  baseFailed(): void;
  painted: Painted;
}

const HIT_PX = 18;
const BELOW_UNITS = new Set(["area-names", "place-names"]);
const EDGE_PX = 28;
const NAMES_EVERY_MS = 900;

export class FleetMap {
  private readonly map: GlMap;
  private readonly units: UnitLayer;
  private readonly data = new Map<SourceName, Features>();
  private ready = false;
  private overBase: boolean;
  private shown: readonly Unit[] = [];
  private selected: string | undefined;
  private mark: maplibregl.Marker | undefined;
  private covered = 0;
  private marks: readonly Mark[] = [];
  private pointing = false;
  private beside = false; // an incident's details lie over the right
  private box: Box;
  private namesAt = 0;
  private untouched = true; // nobody has moved it yet: it keeps the whole city in sight

  constructor(container: HTMLElement, boot: Bootstrap, private readonly on: Handlers) {
    this.box = boot.city.bounds;
    this.overBase = boot.map_style_url !== null;
    this.map = new maplibregl.Map({
      container,
      style: boot.map_style_url ?? emptyStyle(),
      bounds: boot.city.bounds,
      fitBoundsOptions: { padding: EDGE_PX },
      minZoom: 8,
      maxZoom: 19,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      attributionControl: boot.map_style_url ? { compact: true } : false,
      locale: { "Map.Title": w().map.label },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new maplibregl.ScaleControl({ unit: "metric" }), "bottom-right");
    this.units = new UnitLayer(maplibregl.MercatorCoordinate.fromLngLat(boot.city.centre), drawsFast(), on.painted);
    this.listen(boot);
  }

  private listen(boot: Bootstrap): void {
    const map = this.map;
    map.on("style.load", () => this.furnish());
    map.on("error", (event) => {
      console.warn("map:", event.error?.message ?? event);
      // Somebody's base map did not load: the built-in one needs nobody.
      if (boot.map_style_url === null || this.ready) return;
      this.overBase = false;
      map.setStyle(emptyStyle(), { diff: false });
      this.on.baseFailed();
    });
    map.on("webglcontextrestored", () => {
      if (!map.getLayer(this.units.id)) return;
      map.removeLayer(this.units.id);
      map.addLayer(this.units, "incident-names");
    });
    map.on("click", (event) => {
      if (this.on.point(event.lngLat.lng, event.lngLat.lat)) return;
      const device = this.at(event.point);
      this.on.pick(device, device === undefined ? this.incidentAt(event.point) : undefined);
    });
    map.on("mousemove", (event) => {
      const over = this.at(event.point) ?? this.incidentAt(event.point);
      map.getCanvas().style.cursor = this.pointing ? "crosshair" : over === undefined ? "" : "pointer";
    });
    map.on("dragstart", () => this.on.userMoved());
    map.on("movestart", (event) => {
      if ("originalEvent" in event && event.originalEvent) this.untouched = false;
    });
    map.on("resize", () => {
      if (this.untouched) map.fitBounds(this.box, { padding: EDGE_PX, duration: 0 });
    });
  }

  private furnish(): void {
    if (!this.map.hasImage("obstacle")) this.map.addImage("obstacle", { width: 20, height: 20, data: new Uint8Array(1600) });
    for (const id of SOURCES) if (!this.map.getSource(id)) this.map.addSource(id, { ...source(), data: this.data.get(id) ?? source().data });
    for (const layer of layers(this.overBase)) if (!this.map.getLayer(layer.id)) this.map.addLayer(layer);
    if (!this.map.getLayer(this.units.id)) this.map.addLayer(this.units);
    for (const layer of textLayers()) if (!this.map.getLayer(layer.id)) this.map.addLayer(layer, BELOW_UNITS.has(layer.id) ? this.units.id : undefined);
    this.ready = true;
  }

  setAreas(areas: Features): void {
    this.put("areas", areas);
    this.put("area-names", areaNames(areas));
    this.box = bounds(areas) ?? this.box;
    if (this.untouched) this.map.fitBounds(this.box, { padding: EDGE_PX, duration: 0 });
  }

  setPlaces(places: Features): void {
    this.put("places", places);
  }

  setStreets(streets: Features): void {
    this.put("streets", streets);
  }

  /** Shows these units; `changed` came with the newest frame. */
  setUnits(units: readonly Unit[], selected: string | undefined, changed: readonly Unit[]): void {
    const reselected = selected !== this.selected;
    this.shown = units;
    this.selected = selected;
    this.units.set(units, selected, changed);
    if (reselected || performance.now() - this.namesAt > NAMES_EVERY_MS) this.nameUnits();
  }

  private nameUnits(): void {
    this.namesAt = performance.now();
    const features = this.shown.filter((unit) => !isPerson(unit) || unit.device === this.selected).map((unit): GeoJSON.Feature => {
      const strong = look(unit) === "alert" || unit.device === this.selected;
      return point(unit, { label: name(unit), strong });
    });
    this.put("names", { type: "FeatureCollection", features });
    const unit = this.shown.find((each) => each.device === this.selected);
    const vague = unit && unit.accuracy !== null && unit.accuracy > 5;
    this.put("reach", { type: "FeatureCollection", features: vague ? [circle(unit.lon, unit.lat, unit.accuracy ?? 0)] : [] });
  }

  setTrail(lines: Features, stops: Features): void {
    this.put("trail", lines);
    this.put("stops", stops);
  }

  /** Incidents with the ground that is in danger, and the people who were asked, each with a line to where they are wanted. */
  setIncidents(marks: readonly Mark[], people: readonly Helper[]): void {
    if (!marks.length && !this.marks.length) return;
    this.marks = marks;
    const { points, grounds } = incidentMarks(marks, w().dispatch.exercise);
    this.put("hazards", grounds);
    this.put("incidents", points);
    this.put("links", links(people));
    this.put("helpers", helperMarks(people));
  }

  /** Where the new incident would be. */
  setDraft(place: readonly [number, number] | undefined): void {
    if (!place && !this.data.get("draft")?.features.length) return;
    this.put("draft", { type: "FeatureCollection", features: place ? [point({ lon: place[0], lat: place[1] }, {})] : [] });
  }

  /** Whether a place is being pointed at. */
  point(pointing: boolean): void {
    if (pointing !== this.pointing) this.map.getCanvas().style.cursor = pointing ? "crosshair" : "";
    this.pointing = pointing;
  }

  /** Where help was called for: the unit itself may have moved on since. */
  setCalls(calls: readonly { lon: number; lat: number; label: string }[]): void {
    if (!calls.length && !this.data.get("calls")?.features.length) return;
    this.put("calls", { type: "FeatureCollection", features: calls.map((call) => point(call, { label: call.label })) });
  }

  centre(lon: number, lat: number, closest = 14.5): void {
    this.untouched = false;
    const zoom = Math.max(this.map.getZoom(), closest);
    this.map.easeTo({ center: [lon, lat], zoom, offset: this.aside(), duration: calm() ? 0 : 600 });
  }

  /** Shows all these points at once, but not from nearer than a few streets. */
  frame(points: readonly { lon: number; lat: number }[]): void {
    this.untouched = false;
    const box = new maplibregl.LngLatBounds();
    for (const { lon, lat } of points) box.extend([lon, lat]);
    const wide = this.map.getContainer().clientWidth;
    const edge = Math.min(110, wide / 5);
    const right = this.beside && wide > 700 ? 420 : 0;
    this.map.fitBounds(box, { padding: { top: edge, bottom: edge, left: edge, right: edge + right }, maxZoom: 14.5, duration: calm() ? 0 : 600 });
  }

  /** Keeps a followed unit in sight without changing the zoom. */
  follow(lon: number, lat: number): void {
    this.map.easeTo({ center: [lon, lat], offset: this.aside(), duration: calm() ? 0 : 450 });
  }

  /** Marks a place that is no unit, from near. */
  spot(lon: number, lat: number): void {
    const node = document.createElement("i");
    node.className = "spot";
    this.mark?.remove();
    this.mark = new maplibregl.Marker({ element: node }).setLngLat([lon, lat]).addTo(this.map);
    this.centre(lon, lat, 16);
  }

  /** So many pixels at the left lie under a page; none: the page is gone, and what it marked. */
  cover(pixels: number): void {
    this.covered = Math.max(0, pixels);
    if (!pixels) this.mark?.remove();
  }

  lieBeside(beside: boolean): void {
    this.beside = beside;
  }

  /** The detail covers the right of a wide map, a page its left: the middle of what is left is elsewhere. */
  private aside(): [number, number] {
    const wide = this.map.getContainer().clientWidth;
    const right = (this.selected !== undefined || this.beside) && wide > 700 ? 400 : 0;
    const left = this.covered < wide ? this.covered : 0;
    return [(left - right) / 2, 0];
  }

  fit(): void {
    this.untouched = true;
    this.map.fitBounds(this.box, { padding: EDGE_PX, duration: calm() ? 0 : 600 });
  }

  zoom(by: number): void {
    this.untouched = false;
    this.map.zoomTo(this.map.getZoom() + by, { duration: calm() ? 0 : 200 });
  }

  middle(): [number, number] {
    return this.map.getCenter().toArray() as [number, number];
  }

  resize(): void {
    this.map.resize();
  }

  /** Takes the colours of the theme now in force. */
  recolour(): void {
    if (!this.ready) return;
    this.units.recolour();
    for (const layer of [...layers(this.overBase), ...textLayers()]) {
      for (const [property, value] of Object.entries(("paint" in layer && layer.paint) || {})) {
        this.map.setPaintProperty(layer.id, property as never, value as never);
      }
    }
  }

  private put(id: SourceName, features: Features): void {
    this.data.set(id, features);
    if (this.ready) (this.map.getSource(id) as GeoJSONSource | undefined)?.setData(features);
  }

  private incidentAt(where: { x: number; y: number }): string | undefined {
    let [best, least]: [string | undefined, number] = [undefined, HIT_PX];
    for (const mark of this.marks) {
      const p = this.map.project([mark.lon, mark.lat]);
      const apart = Math.hypot(p.x - where.x, p.y - where.y);
      if (apart < least) [best, least] = [mark.id, apart];
    }
    return best;
  }

  /** The unit under a point of the screen, the nearest and topmost first. */
  private at(where: { x: number; y: number }): string | undefined {
    let best: string | undefined;
    let least = HIT_PX;
    for (const unit of this.shown) {
      const p = this.map.project([unit.lon, unit.lat]);
      const away = Math.hypot(p.x - where.x, p.y - where.y) - (look(unit) === "alert" ? 4 : 0);
      if (away < least) [best, least] = [unit.device, away];
    }
    return best;
  }
}

const point = (at: { lon: number; lat: number }, properties: object): GeoJSON.Feature => ({
  type: "Feature",
  properties,
  geometry: { type: "Point", coordinates: [at.lon, at.lat] },
});

const calm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function hasWebgl2(): boolean {
  try {
    return document.createElement("canvas").getContext("webgl2") !== null;
  } catch {
    return false;
  }
}

/** Software rendering redraws too slowly for movement between frames to help anybody. */
function drawsFast(): boolean {
  if (calm()) return false;
  const gl = document.createElement("canvas").getContext("webgl2");
  const info = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer = gl && info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|software|basic render/i.test(renderer);
}
