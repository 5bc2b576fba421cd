/** Who looks at which conversation, and that we do. */
import { effect, signal } from "@preact/signals";
import { me } from "../state/session";
import { id } from "../state/thread";
import { connected, tell } from "./socket";

export interface Present { id: string; name: string; doing: "viewing" | "writing" }

const HEARTBEAT = 12_000;
const AWAY_AFTER = 5 * 60_000;

const seats = signal<ReadonlyMap<string, readonly Present[]>>(new Map());
export const writing = signal(false);
const here = signal(!document.hidden);
let active = Date.now();

export function seen(conversation: string, people: readonly Present[]): void {
  const next = new Map(seats.value);
  if (people.length) next.set(conversation, people);
  else next.delete(conversation);
  seats.value = next;
}

/** Colleagues there, ourselves left out. */
export function others(conversation: string): readonly Present[] {
  return (seats.value.get(conversation) ?? []).filter((person) => person.id !== me.value?.id);
}

export function forgetSeats(): void {
  seats.value = new Map();
}

export function followPresence(): void {
  const stir = () => {
    active = Date.now();
    here.value = !document.hidden;
  };
  for (const event of ["pointerdown", "keydown", "visibilitychange"]) addEventListener(event, stir, { passive: true, capture: true });
  setInterval(() => {
    here.value = !document.hidden && Date.now() - active < AWAY_AFTER;
    if (here.value) tell({ type: "ping" });
  }, HEARTBEAT);
  effect(() => {
    if (!connected.value) return;
    const doing = !here.value ? "away" : writing.value ? "writing" : "viewing";
    tell({ type: "presence", conversation: id.value, doing });
  });
}
