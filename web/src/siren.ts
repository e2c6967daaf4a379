/** The sound of a call for help, and once of a rule's alert. Browsers let a page make none before somebody has touched it: that is said, not hidden. */
const EVERY_MS = 2000;
const TONES: readonly [hertz: number, at: number][] = [[880, 0], [660, 0.22], [880, 0.44]];
const TONE_S = 0.2;
const LOUDNESS = 0.25;

export class Siren {
  private context: AudioContext | undefined;
  private timer = 0;

  constructor() {
    const touched = (): void => this.unlock();
    for (const gesture of ["pointerdown", "keydown"] as const) addEventListener(gesture, touched, { capture: true });
  }

  /** Whether it can be heard. */
  get ready(): boolean {
    return this.context?.state === "running";
  }

  /** To be called from a click or a key. */
  unlock(): void {
    try {
      this.context ??= new AudioContext();
      if (this.context.state === "suspended") void this.context.resume();
    } catch {
      // this browser has no sound: the banner and the title remain
    }
  }

  ring(on: boolean): void {
    if (on && !this.timer) {
      this.sound();
      this.timer = window.setInterval(() => this.sound(), EVERY_MS);
    } else if (!on && this.timer) {
      clearInterval(this.timer);
      this.timer = 0;
    }
  }

  /** Once, for an alert of a rule; while the siren rings there is sound enough. */
  chime(): void {
    if (!this.timer) this.sound();
  }

  private sound(): void {
    const context = this.context;
    if (!context || context.state !== "running") return;
    for (const [hertz, at] of TONES) {
      const tone = new OscillatorNode(context, { type: "square", frequency: hertz });
      const loud = new GainNode(context, { gain: LOUDNESS });
      tone.connect(loud).connect(context.destination);
      tone.start(context.currentTime + at);
      tone.stop(context.currentTime + at + TONE_S);
    }
  }
}
