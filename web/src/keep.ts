/** Small choices of this reader (language, theme), kept in the browser where it allows that. */
const PREFIX = "ronda.";

export function kept(name: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined; // storage is forbidden: choices last as long as the page
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // storage is forbidden: nothing to do
  }
}
