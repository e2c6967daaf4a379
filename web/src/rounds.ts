/** The state of the page "today's rounds": which day it is about, and what was read of it. No DOM. */
import * as api from "./api.ts";
import { shiftDay, type Coverage, type DayState, type Doing, type Haunt, type Roll, type Totals } from "./reports.ts";
import type { CityClock } from "./time.ts";

const EVERY_BEATS = 6;
const OLDEST_DAYS = 30;
const RECURRENT_DAYS = 30;
export const MORNING_MIN = 6 * 60 + 15; // when the API calls the roll of itself

/** One thing that is read: an answer that comes after a newer question is dropped; a failure leaves what was there. */
class Part<T> {
  value: T | undefined;
  state: "busy" | "ready" | "failed" = "busy";
  private asked = 0;

  constructor(private readonly changed: () => void) {}

  forget(): void {
    this.asked += 1;
    [this.value, this.state] = [undefined, "busy"];
  }

  async read(ask: () => Promise<T>): Promise<void> {
    const mine = ++this.asked;
    const answer = await ask().then((value) => ({ value }), () => undefined);
    if (mine !== this.asked) return;
    if (answer) this.value = answer.value;
    this.state = answer ? "ready" : "failed";
    this.changed();
  }
}

export class Rounds {
  open = false;
  /** The city day looked at. */
  day = "";
  /** Today the roll is called as things stand; or, as on other days, for a quarter past six. */
  morning = false;
  /** Whom of the roll to list; undefined: the exceptions. */
  only: Doing | undefined;
  readonly roll: Part<Roll>;
  readonly coverage: Part<Coverage>;
  readonly totals: Part<Totals | undefined>;
  readonly haunts: Part<Haunt[]>;
  readonly closing: Part<DayState>;
  private beats = 0;
  private readonly parts: Part<unknown>[];

  constructor(
    private readonly clock: CityClock,
    private readonly now: () => number,
    private readonly changed: () => void,
  ) {
    this.parts = [
      (this.roll = new Part<Roll>(changed)), (this.coverage = new Part<Coverage>(changed)),
      (this.totals = new Part<Totals | undefined>(changed)), (this.haunts = new Part<Haunt[]>(changed)),
      (this.closing = new Part<DayState>(changed)),
    ] as Part<unknown>[];
  }

  get today(): string {
    return this.clock.date(this.now());
  }

  get isToday(): boolean {
    return this.day === this.today;
  }

  get isYesterday(): boolean {
    return this.day === shiftDay(this.today, -1);
  }

  /** Whether today's roll of a quarter past six can be asked for. */
  get morningOver(): boolean {
    return this.clock.minuteOfDay(this.now()) >= MORNING_MIN;
  }

  show(): void {
    this.open = true;
    this.go(this.today);
  }

  close(): void {
    this.open = false;
    this.changed();
  }

  may(by: number): boolean {
    const day = shiftDay(this.day || this.today, by);
    return day <= this.today && day >= shiftDay(this.today, -OLDEST_DAYS);
  }

  move(by: number): void {
    if (this.may(by)) this.go(shiftDay(this.day, by));
  }

  callRoll(morning: boolean): void {
    this.morning = morning;
    this.roll.forget();
    this.changed();
    void this.readRoll();
  }

  /** To be called every ten seconds: while the page shows today it keeps itself fresh. */
  beat(): void {
    this.beats += 1;
    if (this.open && this.isToday && this.beats % EVERY_BEATS === 0) void this.read();
  }

  private go(day: string): void {
    this.day = day;
    this.only = undefined;
    this.morning = !this.isToday;
    for (const part of this.parts) part.forget();
    this.changed();
    void this.read();
    const from = shiftDay(day, 1 - RECURRENT_DAYS);
    void this.haunts.read(async () => (await api.recurrent(from, day)).items);
  }

  private async read(): Promise<void> {
    const { day } = this;
    await Promise.all([
      this.readRoll(),
      this.totals.read(async () => (await api.totals(day)).items[0]),
      this.coverage.read(() => api.coverage(day)),
      this.closing.read(() => api.day(day)),
    ]);
  }

  private async readRoll(): Promise<void> {
    const at = this.isToday && !this.morning ? this.clock.minutes(this.now()) : undefined;
    await this.roll.read(() => api.rollcall(this.day, at));
  }
}
