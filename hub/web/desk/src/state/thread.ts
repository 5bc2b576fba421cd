/** The conversation that is open: its entries, and what has been seen of it. */
import { batch, computed, signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { Entry, Row, ThreadAnswer } from "../api/types";
import { why } from "./toasts";

type State = "none" | "loading" | "ready" | "failed";
const KEPT = 24;

export const id = signal<string | null>(null);
export const answer = signal<ThreadAnswer | null>(null);
export const entries = signal<readonly Entry[]>([]);
export const earlier = signal<string | null>(null);
export const state = signal<State>("none");
export const failure = signal("");
/** Entries that came while the conversation was open, to be marked. */
export const arrived = signal<ReadonlySet<string>>(new Set());

export const row = computed(() => answer.value?.row ?? null);
export const complaint = computed(() => answer.value?.complaint ?? null);

const kept = new Map<string, ThreadAnswer>();

/** One entry's name, the same after every reload. */
export function entryKey(entry: Entry): string {
  return entry.kind === "system" ? `s${entry.position}${entry.what}` : entry.id;
}

export async function open(conversation: string | null): Promise<void> {
  if (conversation === id.value && state.value !== "failed") return;
  const known = conversation ? kept.get(conversation) : undefined;
  batch(() => {
    id.value = conversation;
    answer.value = known ?? null;
    entries.value = known?.entries ?? [];
    earlier.value = known?.earlier ?? null;
    arrived.value = new Set();
    state.value = !conversation ? "none" : known ? "ready" : "loading";
  });
  if (conversation) await refresh(0, !known);
}

/** Read the open conversation again; what is new is marked unless this is the `first` time. */
export async function refresh(position = 0, first = false): Promise<void> {
  const conversation = id.value;
  if (!conversation) return;
  try {
    const read = await calls.thread(conversation, null, position);
    keep(read);
    if (id.value === conversation) show(read, first);
  } catch (no) {
    if (id.value !== conversation) return;
    failure.value = why(no);
    if (!answer.value) state.value = "failed";
  }
}

function show(read: ThreadAnswer, first: boolean): void {
  const known = new Set(entries.value.map(entryKey));
  const came = read.entries.filter((entry) => !known.has(entryKey(entry)) && entry.kind !== "system").map(entryKey);
  const start = read.entries[0]?.position ?? 0;
  const before = read.earlier ? entries.value.filter((entry) => entry.position < start) : [];
  batch(() => {
    answer.value = read;
    entries.value = [...before, ...read.entries];
    if (!before.length) earlier.value = read.earlier;
    if (!first && known.size) arrived.value = new Set([...arrived.value, ...came]);
    state.value = "ready";
  });
}

function keep(read: ThreadAnswer): void {
  kept.delete(read.row.conversation);
  kept.set(read.row.conversation, read);
  for (const oldest of kept.keys()) if (kept.size > KEPT) kept.delete(oldest);
}

/** Read a conversation ahead of time, so that opening it is instant. */
export async function prefetch(conversation: string): Promise<void> {
  if (!kept.has(conversation)) await calls.thread(conversation).then(keep, () => undefined);
}

/** Others changed these: what we kept of them is old. */
export function forget(conversations: readonly string[], customers: readonly string[] = []): void {
  for (const [conversation, read] of kept) {
    const changed = conversations.includes(conversation) || customers.includes(read.row.customer);
    if (changed && conversation !== id.value) kept.delete(conversation);
  }
}

export function forgetAll(): void {
  kept.clear();
}

export async function loadEarlier(): Promise<void> {
  const [conversation, before] = [id.value, earlier.value];
  if (!conversation || !before) return;
  const read = await calls.thread(conversation, before).catch(() => null);
  if (!read || id.value !== conversation) return;
  const known = new Set(entries.value.map(entryKey));
  batch(() => {
    entries.value = [...read.entries.filter((entry) => !known.has(entryKey(entry))), ...entries.value];
    earlier.value = read.earlier;
  });
}

/** Change the open conversation's row at once. */
export function patch(conversation: string, change: Partial<Row>): void {
  const read = answer.value;
  if (read?.row.conversation === conversation) answer.value = { ...read, row: { ...read.row, ...change } };
}
