/** The language in use: Indonesian unless the reader chose otherwise. */
import { en } from "./en.ts";
import { id, type Words } from "./id.ts";
import { keep, kept } from "../keep.ts";

export type { Words };
export type Language = "id" | "en";

const all: Record<Language, Words> = { id, en };
let current: Words = id;

export const w = (): Words => current;

export function useLanguage(code: string): void {
  current = code === "en" ? all.en : all.id;
  document.documentElement.lang = current.lang;
}

/** What the reader chose here before, else what the server suggests. */
export function preferredLanguage(suggested: string | undefined): string {
  return kept("language") ?? suggested ?? "id";
}

/** To the other language, also for the next visit. */
export function switchLanguage(): void {
  const { code } = current.otherLanguage;
  keep("language", code);
  useLanguage(code);
}
