/** HTTP of incidents, offers and volunteers. */
import { V1, get, send, type Page } from "../api.ts";
import type { Happened, Incident, Need, Offer, Plan, Volunteer } from "./types.ts";

const PAGE = 200;
const MOST_PAGES = 5; // a thousand incidents, newest first; older ones that are open still are beyond what a list can help
const MOST = 10_000;

const of = (incident: string): string => `${V1}/incidents/${encodeURIComponent(incident)}`;

export async function incidents(): Promise<Incident[]> {
  const found: Incident[] = [];
  let next: string | null = `${V1}/incidents?limit=${PAGE}`;
  for (let page = 0; next !== null && page < MOST_PAGES; page += 1) {
    const read: Page<Incident> = await get(next);
    found.push(...read.items);
    next = read.next;
  }
  return found;
}

export const incident = (id: string): Promise<Incident> => get(of(id));
export const offers = async (id: string): Promise<Offer[]> => (await get<Page<Offer>>(`${of(id)}/offers`, { limit: MOST })).items;
export const plan = (id: string): Promise<Plan> => get(`${of(id)}/plan`);
export const timeline = async (id: string): Promise<Happened[]> => (await get<Page<Happened>>(`${of(id)}/timeline`, { limit: MOST })).items;

export interface Opening {
  kind: string;
  lon: number;
  lat: number;
  severity: number;
  text: string;
  exercise: boolean;
  area?: string;
  address?: string;
  needs?: Need[];
  hazard?: object;
}

export const open = (given: Opening): Promise<Incident> => send("POST", `${V1}/incidents`, given);
export const edit = (id: string, changed: object, seen: number): Promise<Incident> => send("PATCH", of(id), changed, seen);
export const act = (id: string, name: string, body: object, seen: number): Promise<Incident> => send("POST", `${of(id)}/${name}`, body, seen);
export const speak = (id: string, offer: string, name: string, body: object): Promise<Offer> =>
  send("POST", `${of(id)}/offers/${encodeURIComponent(offer)}/${name}`, body);

export const pauseCity = (paused: boolean): Promise<{ paused: boolean }> => send("POST", `${V1}/dispatch/${paused ? "pause" : "resume"}`);
/** How the whole city's dispatch stands, where the server tells it. */
export const city = (): Promise<{ paused?: boolean }> => get(`${V1}/dispatch`);

interface Strength extends Page<Volunteer> {
  on_duty: number;
  registered: number;
}

export const strength = (): Promise<Strength> => get(`${V1}/volunteers`, { limit: 1 });
export const volunteers = (): Promise<Strength> => get(`${V1}/volunteers`, { limit: MOST });

export const person = (id: string): Promise<Volunteer> => get(`${V1}/people/${encodeURIComponent(id)}`);

export const reportUrl = (id: string, kind: string, format: string): string => `${of(id).slice(1)}/report?kind=${kind}&format=${format}`;
export const afterActionUrl = (id: string): string => `${of(id).slice(1)}/after-action?format=html`;
export const impactUrl = (id: string): string => `${of(id).slice(1)}/impact`;
export const photoUrl = (id: string, photo: string, size: "full" | "thumb"): string =>
  `${of(id).slice(1)}/photos/${encodeURIComponent(photo)}?size=${size}`;
export const callsUrl = (id: string): string => `${of(id).slice(1)}/calls?format=html`;
