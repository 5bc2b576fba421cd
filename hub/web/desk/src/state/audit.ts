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
  if (then.value) batch(() => { facts.value = then.value!.facts; next.value = then.value!.next; });
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

export function moveToTime(moment: Date): void {
  clearTimeout(timer);
  void ask(moment.toISOString());
}

/** The positions that mean something: those of this customer's facts. */
export function stops(): number[] {
  return facts.value.map((fact) => fact.position);
}

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
