/**
 * The units as one WebGL layer: shape, colour, heading and hollowness in a fragment shader, one draw call for all.
 * A new frame is a buffer upload of 40 bytes a unit, so thousands of units at several frames a second cost next to
 * nothing, and what was received is on the glass with the next repaint (no tiling, no worker in between).
 */
import { MercatorCoordinate, type CustomLayerInterface, type CustomRenderMethodInput, type Map as GlMap } from "maplibre-gl";
import { isPerson, look } from "../fleet.ts";
import type { Unit } from "../types.ts";
import { colour } from "./style.ts";
import { FRAGMENT, VERTEX } from "./units.glsl.ts";

const FLOATS = 10; // from x, y; to x, y; heading; shape; hollow; radius; colour; selected
const GLIDE_MS = 450;
const GLIDE_AT_MOST_M = 400; // farther than this is not a movement but a jump, and is shown as one
const EARTH_M = 40_075_017;

export const Shape = { arrow: 0, dot: 1, square: 2, diamond: 3, alert: 4, person: 5 } as const;
const COLOURS = ["moving", "stopped", "silent", "alert", "people"] as const;
const ORDER = { moving: 0, stopped: 1, silent: 2, alert: 3 };

export type Painted = (units: readonly (readonly [device: string, time: number])[]) => void;

export class UnitLayer implements CustomLayerInterface {
  readonly id = "units";
  readonly type = "custom" as const;
  readonly renderingMode = "2d" as const;

  private map: GlMap | undefined;
  private gl: WebGL2RenderingContext | undefined;
  private program: WebGLProgram | undefined;
  private buffer: WebGLBuffer | undefined;
  private vao: WebGLVertexArrayObject | undefined;
  private at: Record<string, WebGLUniformLocation | null> = {};
  private count = 0;
  private data = new Float32Array(0);
  private shownAt = new Map<string, [number, number]>();
  private pending: [string, number][] = [];
  private dirty = false;
  private glideFrom = 0;
  private palette = new Float32Array(0);
  private halo = new Float32Array([0, 0, 0]);

  /** `anchor` is where single precision is best (the city's centre); `glides` says whether the machine draws fast. */
  constructor(
    private readonly anchor: MercatorCoordinate,
    private readonly glides: boolean,
    private readonly painted: Painted,
  ) {}

  /** Takes the units to draw; `changed` are those that the newest frame brought. */
  set(units: readonly Unit[], selected: string | undefined, changed: readonly Unit[]): void {
    const sorted = [...units].sort((a, b) => rank(a, selected) - rank(b, selected));
    this.data = new Float32Array(sorted.length * FLOATS);
    const shown = new Map<string, [number, number]>();
    sorted.forEach((unit, i) => this.write(unit, i * FLOATS, unit.device === selected, shown));
    this.shownAt = shown;
    this.count = sorted.length;
    if (changed.length) this.glideFrom = performance.now();
    for (const unit of changed) if (shown.has(unit.device)) this.pending.push([unit.device, unit.time]);
    this.dirty = true;
    this.map?.triggerRepaint();
  }

  recolour(): void {
    this.palette = new Float32Array(COLOURS.flatMap((name) => rgb(colour(name))));
    this.halo = new Float32Array(rgb(colour("map-halo")));
    this.map?.triggerRepaint();
  }

  onAdd(map: GlMap, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    this.map = map;
    this.gl = gl as WebGL2RenderingContext;
    this.build(this.gl);
    this.recolour();
    this.dirty = true;
  }

  onRemove(): void {
    if (this.program) this.gl?.deleteProgram(this.program);
    if (this.buffer) this.gl?.deleteBuffer(this.buffer);
    if (this.vao) this.gl?.deleteVertexArray(this.vao);
  }

  render(context: WebGLRenderingContext | WebGL2RenderingContext, args: CustomRenderMethodInput): void {
    const gl = context as WebGL2RenderingContext;
    if (!this.program || !this.vao || !this.buffer) return;
    gl.useProgram(this.program);
    gl.bindVertexArray(this.vao);
    if (this.dirty) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
      gl.bufferData(gl.ARRAY_BUFFER, this.data, gl.DYNAMIC_DRAW);
      this.dirty = false;
    }
    const progress = this.glides ? Math.min(1, (performance.now() - this.glideFrom) / GLIDE_MS) : 1;
    this.uniforms(gl, args, progress);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
    gl.bindVertexArray(null);
    if (progress < 1) this.map?.triggerRepaint();
    this.report();
  }

  private uniforms(gl: WebGL2RenderingContext, args: CustomRenderMethodInput, progress: number): void {
    const ratio = gl.canvas.width / Math.max(1, (gl.canvas as HTMLCanvasElement).clientWidth);
    gl.uniformMatrix4fv(this.at["matrix"] ?? null, false, moved(args.defaultProjectionData.mainMatrix, this.anchor));
    gl.uniform2f(this.at["viewport"] ?? null, gl.canvas.width / ratio, gl.canvas.height / ratio);
    gl.uniform1f(this.at["ratio"] ?? null, ratio);
    gl.uniform1f(this.at["glide"] ?? null, 1 - (1 - progress) ** 3);
    gl.uniform1f(this.at["scale"] ?? null, scaleAt(this.map?.getZoom() ?? 13));
    gl.uniform3fv(this.at["palette"] ?? null, this.palette);
    gl.uniform3fv(this.at["halo"] ?? null, this.halo);
  }

  private write(unit: Unit, i: number, selected: boolean, shown: Map<string, [number, number]>): void {
    const point = MercatorCoordinate.fromLngLat([unit.lon, unit.lat]);
    const to: [number, number] = [point.x - this.anchor.x, point.y - this.anchor.y];
    const before = this.shownAt.get(unit.device) ?? to;
    const far = Math.hypot(to[0] - before[0], to[1] - before[1]) * EARTH_M > GLIDE_AT_MOST_M;
    const from = far || !this.glides ? to : before;
    const person = isPerson(unit);
    const seen = look(unit);
    const tint = person && seen !== "alert" ? 4 : COLOURS.indexOf(seen);
    const radius = seen === "alert" ? 12 : person ? 5.5 : 9;
    const heading = ((unit.course ?? 0) * Math.PI) / 180;
    const hollow = unit.state === "silent" ? 1 : 0;
    this.data.set([...from, ...to, heading, shape(unit), hollow, radius, tint, selected ? 1 : 0], i);
    shown.set(unit.device, to);
  }

  private report(): void {
    if (!this.pending.length) return;
    const seen = this.pending;
    this.pending = [];
    this.painted(seen);
  }

  private build(gl: WebGL2RenderingContext): void {
    const program = gl.createProgram();
    for (const [type, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
      const shader = gl.createShader(type);
      if (!shader) throw new Error("WebGL gave no shader");
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "shader");
    this.program = program;
    for (const name of ["matrix", "viewport", "ratio", "glide", "scale", "palette", "halo"]) {
      this.at[name] = gl.getUniformLocation(program, `u_${name}`);
    }
    this.buffer = gl.createBuffer();
    this.vao = gl.createVertexArray();
    gl.bindVertexArray(this.vao);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    [2, 2, 3, 3].reduce((offset, size, location) => {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, FLOATS * 4, offset * 4);
      gl.vertexAttribDivisor(location, 1);
      return offset + size;
    }, 0);
    gl.bindVertexArray(null);
  }
}

/** A little smaller from afar, where they crowd. */
const scaleAt = (zoom: number): number => 0.62 + 0.43 * Math.min(1, Math.max(0, (zoom - 9.5) / 4.5));

function shape(unit: Unit): number {
  if (unit.alert) return Shape.alert;
  if (isPerson(unit)) return Shape.person;
  if (unit.state === "silent") return Shape.diamond;
  if (unit.state === "stopped") return Shape.square;
  return unit.course === null ? Shape.dot : Shape.arrow; // no heading is shown where none is known
}

function rank(unit: Unit, selected: string | undefined): number {
  if (unit.device === selected) return 9;
  return isPerson(unit) && !unit.alert ? -1 : ORDER[look(unit)];
}

/** The matrix times a translation to the anchor, in double precision: near the city nothing jitters at any zoom. */
function moved(m: ArrayLike<number>, by: MercatorCoordinate): Float32Array {
  const out = Float32Array.from(m);
  for (let row = 0; row < 4; row++) {
    out[12 + row] = (m[row] ?? 0) * by.x + (m[4 + row] ?? 0) * by.y + (m[12 + row] ?? 0);
  }
  return out;
}

function rgb(hex: string): [number, number, number] {
  const long = hex.length === 4 ? hex.replace(/[^#]/g, "$&$&") : hex; // "#fff" is how a build writes "#ffffff"
  const n = Number.parseInt(long.slice(1), 16);
  return [((n >> 16) & 255) / 255, ((n >> 8) & 255) / 255, (n & 255) / 255];
}
