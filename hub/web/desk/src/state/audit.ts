/** A customer's history as of a moment: which facts were on record, and what they came to. */
import { batch, signal } from "@preact/signals";
import * as more from "../api/more";
import type { Fact, HistoryAnswer } from "../api/types";
import { why } from "./toasts";

export const id = signal("");
/** Every fact read so far, whatever the slider says, oldest first. */
export const facts = signal<readonly Fact[]>([]);
export const next = signal<number | null>(null);
/** What the hub says for the chosen position. */
export const then = signal<HistoryAnswer | null>(null);
export const at = signal<number | null>(null);
/** The last position when somebody asked for "now". */
export const latest = signal(0);
export const busy = signal(false);
export const failure = signal("");

let timer = 0;
let turn = 0;

export async function showHistory(customer: string): Promise<void> {
  batch(() => {
    id.value = customer;
    facts.value = [];
    then.value = null;
    at.value = null;
    failure.value = "";
  });
  await ask("");
  if (then.value) batch(() => { facts.value = then.value!.facts; next.value = then.value!.next; latest.value = at.value ?? 0; });
}

async function ask(asOf: string): Promise<void> {
  const [mine, customer] = [(turn += 1), id.value];
  busy.value = true;
  try {
    const answer = await more.history(customer, asOf, null);
    if (mine !== turn) return;
    batch(() => {
      then.value = answer;
      at.value = answer.as_of.position;
      failure.value = "";
    });
  } catch (no) {
    if (mine === turn) failure.value = why(no);
  } finally {
    if (mine === turn) busy.value = false;
  }
}

/** Move to a position; the hub is asked when the hand rests. */
export function moveTo(position: number): void {
  at.value = position;
  clearTimeout(timer);
  timer = window.setTimeout(() => void ask(String(position)), 160);
}

export async function moveToTime(moment: Date): Promise<void> {
  clearTimeout(timer);
  await ask(moment.toISOString());
}

/** As things stand now. What came since the page was opened waits below the facts read so far. */
export async function moveToNow(): Promise<void> {
  clearTimeout(timer);
  await ask("");
  latest.value = Math.max(latest.value, at.value ?? 0);
  const last = lastRead();
  if (last && last < latest.value) next.value ??= last;
}

/** The positions that mean something: those of this customer's facts; those not read yet are one step to what is now. */
export function stops(): number[] {
  const read = facts.value.map((fact) => fact.position);
  return next.value ? [...read, latest.value] : read;
}

/** The newest fact on the page that was on record by the chosen position; none while that is further down than what was read. */
export function here(): number | undefined {
  const chosen = at.value ?? 0;
  if (next.value && chosen > (lastRead() ?? 0)) return undefined;
  return facts.value.findLast((fact) => fact.position <= chosen)?.position;
}

const lastRead = (): number | undefined => facts.value[facts.value.length - 1]?.position;

export async function loadMore(): Promise<void> {
  const after = next.value;
  if (!after) return;
  next.value = null;
  const answer = await more.history(id.value, "", after).catch(() => null);
  if (!answer) {
    next.value = after;
    return;
  }
  const known = new Set(facts.value.map((fact) => fact.position));
  batch(() => {
    facts.value = [...facts.value, ...answer.facts.filter((fact) => !known.has(fact.position))];
    next.value = answer.next;
  });
}
