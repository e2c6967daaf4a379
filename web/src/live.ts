/** The live feed: a WebSocket that says honestly whether it is alive, and comes back by itself. */
import type { Message } from "./fleet.ts";

export type Link = "connecting" | "live" | "lost";

const DEAD_AFTER_MS = 15_000; // the server sends at least an empty frame every 5 s
const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15_000];
const SIGNED_OUT = 4401;

interface Handlers {
  message(message: Message, receivedAt: number): void;
  link(link: Link): void;
  signedOut(): void;
}

export class Live {
  private socket: WebSocket | undefined;
  private watchdog = 0;
  private retry = 0;
  private attempts = 0;
  private stopped = false;

  constructor(private readonly on: Handlers) {
    addEventListener("online", () => this.reconnect());
    addEventListener("offline", () => this.drop());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.socket?.readyState !== WebSocket.OPEN) this.reconnect();
    });
  }

  open(): void {
    this.stopped = false;
    clearTimeout(this.retry);
    this.on.link(this.attempts ? "lost" : "connecting");
    const socket = new WebSocket(new URL("api/v1/live", document.baseURI).href.replace(/^http/, "ws"));
    this.socket = socket;
    this.expectSomething(socket);
    socket.onmessage = (event) => {
      if (socket !== this.socket) return;
      this.expectSomething(socket);
      this.attempts = 0;
      this.on.link("live");
      this.on.message(JSON.parse(event.data as string) as Message, Date.now());
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code);
    };
  }

  /** Tries at once, for instance because a person asked for it. */
  reconnect(): void {
    if (this.stopped || this.socket?.readyState === WebSocket.CONNECTING) return;
    this.detach();
    this.open();
  }

  close(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    this.detach();
  }

  private drop(): void {
    this.detach();
    this.closed(0);
  }

  private detach(): void {
    clearTimeout(this.watchdog);
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private closed(code: number): void {
    clearTimeout(this.watchdog);
    this.socket = undefined;
    if (this.stopped) return;
    if (code === SIGNED_OUT) {
      this.close();
      this.on.signedOut();
      return;
    }
    const wait = RETRY_MS[Math.min(this.attempts, RETRY_MS.length - 1)] ?? 15_000;
    this.attempts += 1;
    this.on.link("lost");
    clearTimeout(this.retry);
    this.retry = window.setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }

  private expectSomething(socket: WebSocket): void {
    clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(() => {
      if (socket === this.socket) this.drop();
    }, DEAD_AFTER_MS);
  }
}
