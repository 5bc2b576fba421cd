/** The time that ticking labels follow: one timer for the whole desk. */
import { signal } from "@preact/signals";

/** Ticks each second. */
export const second = signal(Date.now());
/** Ticks each half minute. */
export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    second.value = Date.now();
    if (second.value - now.value >= 30_000) now.value = second.value;
  }, 1000);
}
