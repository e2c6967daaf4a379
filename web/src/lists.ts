/** What is read from the API as whole lists, and read again when an event says that it changed. */
import * as api from "./api.ts";
import { Calls, sounds } from "./calls.ts";
import { Feed, type Topic } from "./feed.ts";
import type { CityClock } from "./time.ts";
import type { Topic as DispatchTopic } from "./dispatch/scene.ts";
import type { Alert, Dwell } from "./types.ts";

/** Closed stops shorter than this are the round itself; the list would drown in them. */
const SHORTEST_S = 300;
const RELOAD_MS = 60_000;
const GATHER_MS = 30; // events of one moment
const SETTLE_MS = 400; // between two readings of one list

interface Hooks {
  now(): number;
  change(): void;
  dwells(): void;
  alerts(): void;
  chime(): void;
  /** An event about an incident; the feed was away and what it told meanwhile has to be read. */
  dispatch(topic: DispatchTopic, event: Record<string, unknown>): void;
  returned(): void;
  signedOut(): void;
}

export class Lists {
  closed: Dwell[] = [];
  closedMore = false;
  alerts: Alert[] = [];
  readonly calls = new Calls();
  private readonly feed: Feed;
  private readonly due = new Set<Topic>();
  private readonly readAt = new Map<Topic, number>();
  private timer = 0;

  constructor(
    private readonly clock: CityClock,
    private readonly on: Hooks,
  ) {
    this.feed = new Feed(
      (topic) => this.soon(topic),
      () => {
        this.reload();
        this.on.returned();
      },
      (event) => {
        this.calls.hear(event);
        if (sounds(event, this.on.now())) this.on.chime();
        this.on.change();
      },
      (topic, event) => this.on.dispatch(topic, event),
    );
  }

  start(): void {
    this.feed.open();
    this.reload();
    this.timer = window.setInterval(() => this.reload(), RELOAD_MS); // also lets yesterday's stops go at midnight
  }

  stop(): void {
    this.feed.close();
    clearInterval(this.timer);
  }

  /** Everything again, for instance after the connection was lost. */
  refresh(): void {
    if (!this.feed.healthy) this.feed.open();
    this.reload();
    this.on.returned();
  }

  async read(topic: Topic): Promise<void> {
    if (topic === "alert") {
      const mark = this.calls.mark();
      return this.take(() => this.readAlerts(), (rows) => this.takeAlerts(rows, mark));
    }
    return this.readDwells();
  }

  /** Reads once; a failure leaves what is shown, and the next event or minute tries again. */
  async take<T>(read: () => Promise<T>, use: (value: T) => unknown): Promise<void> {
    try {
      use(await read());
    } catch (problem) {
      if (problem instanceof api.Problem && problem.status === 401) this.on.signedOut();
      return;
    }
    this.on.change();
  }

  private reload(): void {
    for (const topic of ["dwell", "alert"] as const) void this.read(topic);
  }

  /** The first event is followed at once, many behind it by one reload: also while they never cease. */
  private soon(topic: Topic): void {
    if (this.due.has(topic)) return;
    this.due.add(topic);
    const next = (this.readAt.get(topic) ?? -Infinity) + SETTLE_MS;
    window.setTimeout(() => {
      this.due.delete(topic);
      this.readAt.set(topic, performance.now());
      void this.read(topic);
    }, Math.max(GATHER_MS, next - performance.now()));
  }

  private takeAlerts(rows: Alert[], mark: number): void {
    this.alerts = rows;
    this.calls.settle(rows, mark);
    this.on.alerts();
  }

  /** Every alert that waits for somebody, however old, and the latest of the others. */
  private async readAlerts(): Promise<Alert[]> {
    const asked = [{ limit: 200 }, { state: "raised", limit: 1000 }, { state: "raised", kind: "sos", limit: 1000 }];
    const pages = await Promise.all(asked.map(api.alerts));
    return [...new Map(pages.flatMap(({ items }) => items).map((alert) => [alert.id, alert])).values()];
  }

  private async readDwells(): Promise<void> {
    const now = this.on.now();
    const query = { from: this.clock.startOfDay(now), to: Math.ceil(now), open: "false", min_s: SHORTEST_S };
    await this.take(
      () => api.dwells(query),
      ({ items, next }) => {
        const closed = items.filter((row) => row.end !== null && row.state === "closed");
        this.closed = closed.sort((a, b) => Date.parse(b.end ?? "") - Date.parse(a.end ?? ""));
        this.closedMore = next !== null;
      },
    );
    this.on.dwells();
  }
}
