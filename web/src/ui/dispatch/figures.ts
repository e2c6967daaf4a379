/** An incident's people in a few words: places, who moves, who is there, the chance and the time. */
import type { App } from "../../app.ts";
import { arrivals, ended, type Tally } from "../../dispatch/scene.ts";
import type { Incident } from "../../dispatch/types.ts";
import { w } from "../../words/index.ts";

/** "2/5 bersedia · 1 berangkat · 1 di lokasi". */
export function people(tally: Tally): string {
  const words = w().dispatch;
  const { wanted, promised, coming, there, asked, seen, stalled } = tally;
  if (promised + asked + stalled === 0) return words.nobody;
  return [
    words.filled(promised, wanted),
    coming ? words.coming(coming) : "",
    there ? words.there(there) : "",
    asked ? words.asked(asked) : "",
    seen ? words.seen(seen) : "",
    stalled ? words.stalled(stalled) : "",
  ].filter(Boolean).join(" · ");
}

/** "97 % semua tempat terisi · 4–6 mnt": as the newest plan says, and who promised; nothing where nobody is asked. */
export function chance(app: App, incident: Incident): string {
  const words = w().dispatch;
  const gauge = app.dispatch.scene.plans.get(incident.id)?.gauge;
  const live = app.dispatch.scene.live(incident.id);
  if (ended(incident) || (live.length === 0 && !gauge?.asked)) return "";
  const tally = app.dispatch.scene.tally(incident);
  const missing = tally.wanted - tally.promised;
  const full = missing <= 0 ? words.full : gauge ? words.chance(Math.floor(100 * gauge.full)) : words.missing(missing);
  const span = arrivals(live);
  const left = (ms: number): number => Math.max(1, Math.ceil((ms - app.now()) / 60_000));
  return [full, span ? words.minutes(left(span[0]), left(span[1])) : ""].filter(Boolean).join(" · ");
}

/** One little square a place: there, coming, promised, asked, empty. */
export function places(tally: Tally): string[] {
  const { wanted, promised, coming, there, asked } = tally;
  const marks = [
    ...Array<string>(there).fill("there"), ...Array<string>(coming).fill("coming"),
    ...Array<string>(Math.max(0, promised - there - coming)).fill("promised"),
  ];
  const free = Math.max(0, wanted - marks.length);
  marks.push(...Array<string>(Math.min(free, asked)).fill("asked"), ...Array<string>(Math.max(0, free - asked)).fill("empty"));
  return marks.slice(0, 24);
}
