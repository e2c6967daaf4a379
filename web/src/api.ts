/** HTTP to the API. Every failure is a Problem with words a person can read. */
import type { Coverage, DayState, Haunt, Roll, Totals } from "./reports.ts";
import type { Alert, Assignment, Bootstrap, Dwell, Held, Me, Purpose, Sayings, Vehicle, Why } from "./types.ts";

const TIMEOUT_MS = 15_000;
const MOST = 10_000; // rows the API gives at once

export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    const url = new URL(path.replace(/^\//, ""), document.baseURI);
    response = await fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
  } catch {
    throw new Problem(0, "unreachable");
  }
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
  throw new Problem(response.status, body.detail ?? body.title ?? response.statusText, body);
}

export type Query = Record<string, string | number | undefined>;

export async function get<T>(path: string, query: Query = {}): Promise<T> {
  const asked = Object.entries(query).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
  const search = new URLSearchParams(asked.map(([key, value]) => [key, String(value)])).toString();
  return (await (await call(search ? `${path}?${search}` : path)).json()) as T;
}

/** A write; with the version that the reader has seen it holds for that version only. */
export async function send<T>(method: string, path: string, body: unknown = {}, seen?: number): Promise<T> {
  const headers = { "content-type": "application/json", ...(seen === undefined ? {} : { "if-match": `"${seen}"` }) };
  const response = await call(path, { method, headers, body: JSON.stringify(body) });
  return (response.status === 204 ? undefined : await response.json().catch(() => undefined)) as T;
}

const post = <T>(path: string, body: unknown = {}): Promise<T> => send("POST", path, body);

export interface Page<T> {
  items: T[];
  next: string | null;
}

export const V1 = "/api/v1";

export const me = (): Promise<Me> => get(`${V1}/me`);
export const signOut = (): Promise<void> => post(`${V1}/sign-out`);
export const bootstrap = (): Promise<Bootstrap> => get(`${V1}/console`);
export const geojson = (url: string): Promise<GeoJSON.FeatureCollection> => get(url);

export const vehicles = (): Promise<Page<Vehicle>> => get(`${V1}/vehicles`, { limit: MOST });
export const dwells = (query: Query): Promise<Page<Dwell>> => get(`${V1}/dwells`, { limit: MOST, ...query });
export const alerts = (query: Query): Promise<Page<Alert>> => get(`${V1}/alerts`, query);
export const acknowledge = (alert: string): Promise<Alert> => post(`${V1}/alerts/${encodeURIComponent(alert)}/ack`);

interface Row {
  id: string;
  name?: string;
}

export const rules = (): Promise<Page<Row & { fact: string }>> => get(`${V1}/rules`, { limit: MOST });
export const devices = (): Promise<Page<Row>> => get(`${V1}/devices`, { limit: MOST });
export const people = (): Promise<Page<Row>> => get(`${V1}/people`, { limit: MOST });
export const assignments = (): Promise<Page<Assignment>> => get(`${V1}/assignments`, { limit: MOST });
export const why = (device: string): Promise<Why> => get(`${V1}/devices/${encodeURIComponent(device)}/why`);
export const held = (): Promise<Page<Held>> => get(`${V1}/held`);
export const adopt = (device: string, given: object): Promise<unknown> =>
  post(`${V1}/devices/${encodeURIComponent(device)}/adopt`, given);

interface Labelled extends Sayings {
  id: string;
  purpose: Purpose | null;
  reason: string;
}

const ofDwell = (dwell: string): string => `${V1}/dwells/${encodeURIComponent(dwell)}`;
export const label = (dwell: string, purpose: Purpose | null, reason: string): Promise<Labelled> =>
  post(`${ofDwell(dwell)}/label`, { purpose, reason });
export const giveReason = (dwell: string, reason: string): Promise<Labelled> => post(`${ofDwell(dwell)}/reason`, { reason });

export const coverage = (day: string): Promise<Coverage> => get(`${V1}/coverage`, { day });
export const rollcall = (day: string, at: string | undefined): Promise<Roll> => get(`${V1}/rollcall`, { day, at });
export const totals = (day: string): Promise<{ items: Totals[] }> => get(`${V1}/totals`, { from: day, to: day, by: "city" });
export const recurrent = (from: string, to: string): Promise<{ items: Haunt[] }> => get(`${V1}/recurrent`, { from, to });
export const day = (date: string): Promise<DayState> => get(`${V1}/days/${date}`);

export const fixesUrl = (device: string, from: number, to: number, format: string): string =>
  `${V1}/devices/${encodeURIComponent(device)}/fixes?from=${from}&to=${to}&format=${format}&limit=${MOST}`;

/** A device that was heard only a moment ago may not be in the archive yet: that is an empty history, not a failure. */
export async function fixes(device: string, from: number, to: number): Promise<GeoJSON.FeatureCollection> {
  try {
    return await geojson(fixesUrl(device, from, to, "geojson"));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) return { type: "FeatureCollection", features: [] };
    throw problem;
  }
}
