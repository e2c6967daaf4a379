/** Ages, durations and clock times as people say them. Pure: the time is an argument. */
import { w } from "./words/index.ts";

/** "45 dtk", "12 mnt", "1 j 05 mnt", "3 hr": two figures at most, never more precise than it is useful. */
export function duration(seconds: number): string {
  const u = w().units;
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} ${u.s}`;
  if (s < 3600) return `${Math.floor(s / 60)} ${u.min}`;
  if (s < 86400) {
    const rest = Math.floor((s % 3600) / 60);
    return rest ? `${Math.floor(s / 3600)} ${u.h} ${String(rest).padStart(2, "0")} ${u.min}` : `${Math.floor(s / 3600)} ${u.h}`;
  }
  const hours = Math.floor((s % 86400) / 3600);
  return hours ? `${Math.floor(s / 86400)} ${u.d} ${hours} ${u.h}` : `${Math.floor(s / 86400)} ${u.d}`;
}

/** Short form for table cells: "45 dtk", "12 mnt", "2 j", "3 hr". */
export function shortDuration(seconds: number): string {
  const u = w().units;
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} ${u.s}`;
  if (s < 3600) return `${Math.floor(s / 60)} ${u.min}`;
  if (s < 172_800) return `${Math.floor(s / 3600)} ${u.h}`;
  return `${Math.floor(s / 86400)} ${u.d}`;
}

export class CityClock {
  private readonly hm: Intl.DateTimeFormat;
  private readonly hms: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;
  private readonly name: string;

  constructor(private readonly timezone: string) {
    const base = { timeZone: timezone, hourCycle: "h23" as const };
    this.hm = new Intl.DateTimeFormat("en-GB", { ...base, hour: "2-digit", minute: "2-digit" });
    this.hms = new Intl.DateTimeFormat("en-GB", { ...base, hour: "2-digit", minute: "2-digit", second: "2-digit" });
    this.day = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone });
    const named = new Intl.DateTimeFormat("id-ID", { timeZone: timezone, timeZoneName: "short" });
    this.name = named.formatToParts(0).find((part) => part.type === "timeZoneName")?.value ?? "";
  }

  minutes(ms: number): string {
    return this.hm.format(ms);
  }

  seconds(ms: number): string {
    return this.hms.format(ms);
  }

  /** The city's name for its zone, such as WITA. */
  zone(): string {
    return this.name;
  }

  /** "23 Nov", in the language in use. */
  dayMonth(ms: number): string {
    return new Intl.DateTimeFormat(w().locale, { timeZone: this.timezone, day: "numeric", month: "short" }).format(ms);
  }

  /** The city's date, "2026-11-24". */
  date(ms: number): string {
    return this.day.format(ms);
  }

  /** Minutes after the city's midnight, by the clock on the wall. */
  minuteOfDay(ms: number): number {
    const [hours = 0, minutes = 0] = this.minutes(ms).split(":").map(Number);
    return hours * 60 + minutes;
  }

  /** The instant at which the city day of `ms` began. Days with a clock change are found by search, not by 24 h. */
  startOfDay(ms: number): number {
    const today = this.date(ms);
    let low = ms - 26 * 3600_000;
    let high = ms;
    while (high - low > 1000) {
      const mid = Math.floor((low + high) / 2);
      if (this.date(mid) === today) high = mid;
      else low = mid;
    }
    return Math.floor(high / 1000) * 1000;
  }
}

/** "Sel, 24 Nov" of a city day, "2026-11-24", in the language in use. */
export function dayName(day: string): string {
  return new Intl.DateTimeFormat(w().locale, { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" }).format(Date.parse(day));
}

/** "Selasa" of an ISO weekday, 1 to 7, in the language in use. */
export function weekdayName(iso: number, form: "long" | "narrow" = "long"): string {
  return new Intl.DateTimeFormat(w().locale, { timeZone: "UTC", weekday: form }).format(Date.UTC(2024, 0, iso)); // a year that began on a Monday
}

export function compass(degrees: number): string {
  const names = w().compass;
  return names[Math.round((((degrees % 360) + 360) % 360) / 45) % 8] ?? "";
}

export function kmh(mps: number): string {
  return `${Math.round(mps * 3.6)} ${w().units.kmh}`;
}

export function metres(m: number): string {
  const u = w().units;
  if (m < 1000) return `${Math.round(m)} ${u.m}`;
  const digits = m < 100_000 ? 1 : 0;
  return `${(m / 1000).toLocaleString(w().locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${u.km}`;
}
