/** The list of conversations in the view at hand, kept fresh without moving under anybody's cursor. */
import { batch, signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { Counters, Done, ListAnswer, Row, Sort, ViewName } from "../api/types";
import { appendPage, mergeInPlace, neighbour, sameOrder } from "../logic/merge";
import { why } from "./toasts";

const PAGE = 50;
type State = "loading" | "ready" | "failed";

export const view = signal<ViewName>("open");
export const sort = signal<Sort>("waiting");
export const rows = signal<readonly Row[]>([]);
export const gone = signal<ReadonlySet<string>>(new Set());
export const fresh = signal(0);
export const next = signal<string | null>(null);
export const state = signal<State>("loading");
export const failure = signal("");
/** The row that j and k move. */
export const selected = signal<string | null>(null);
export const counters = signal<Counters | null>(null);
/** The pointer or the focus is in the list: nothing may move. */
export const watched = signal(false);

/** What the hub said last, whatever is shown. */
let latest: { rows: readonly Row[]; next: string | null } = { rows: [], next: null };
const kept = new Map<string, { rows: readonly Row[]; next: string | null }>();
let turn = 0;
/** The next answer replaces what is shown, even under the pointer. */
let anew = false;

/** The position of what this person ordered last, 0 if it was refused. */
let ordered: Promise<number> = Promise.resolve(0);

/** A view that is shown from now on waits for this order, so that it shows its effect. */
export function follow(order: Promise<Done>): void {
  ordered = order.then((done) => done.position, () => 0);
}

/** Rows this person sent away, and the position from which they may be back: what was read before it is old. */
const sentAway = new Map<string, number>();

function sendAway(conversation: string, order: Promise<Done>): void {
  sentAway.set(conversation, Infinity);
  order.then((done) => sentAway.set(conversation, done.position), () => sentAway.delete(conversation));
}

function withoutOld(answer: ListAnswer): ListAnswer {
  for (const [conversation, position] of sentAway) if (position <= answer.position) sentAway.delete(conversation);
  return sentAway.size ? { ...answer, rows: answer.rows.filter((row) => !sentAway.has(row.conversation)) } : answer;
}

/** Show a view: what we know of it at once, the truth as soon as it is here. */
export async function showView(wanted: ViewName, order: Sort = sort.value): Promise<void> {
  const known = kept.get(`${wanted} ${order}`);
  batch(() => {
    view.value = wanted;
    sort.value = order;
    selected.value = null;
    put(known ?? { rows: [], next: null });
    state.value = known ? "ready" : "loading";
  });
  await load(await ordered);
}

async function load(atLeast = 0): Promise<void> {
  const mine = (turn += 1);
  try {
    const answer = await calls.list(view.value, sort.value, null, PAGE, atLeast);
    if (mine === turn) batch(() => { put(withoutOld(answer)); state.value = "ready"; });
  } catch (no) {
    if (mine === turn) batch(() => { failure.value = why(no); if (!rows.value.length) state.value = "failed"; });
  }
}

export const reload = (): Promise<void> => {
  if (!rows.value.length) state.value = "loading";
  return load();
};

function put(answer: { rows: readonly Row[]; next: string | null }): void {
  latest = answer;
  rows.value = answer.rows;
  next.value = answer.next;
  gone.value = new Set();
  fresh.value = 0;
  kept.set(`${view.value} ${sort.value}`, answer);
}

let running = false;
let wanted = 0;

/** Something changed at this position: read the same stretch again and merge it. Calls while one runs melt together. */
export async function refresh(position: number): Promise<void> {
  wanted = Math.max(wanted, position);
  if (running) return;
  running = true;
  try {
    while (wanted) await refreshOnce();
  } finally {
    running = false;
  }
}

async function refreshOnce(): Promise<void> {
  const [position, mine] = [wanted, turn];
  wanted = 0;
  const answer = await calls.list(view.value, sort.value, null, Math.min(200, Math.max(PAGE, rows.value.length)), position).catch(() => null);
  if (answer && mine === turn) accept(withoutOld(answer));
}

function accept(answer: ListAnswer): void {
  if (anew) return replace(answer);
  const sooner = rows.value.length > 200;
  const merged = mergeInPlace(rows.value, answer.rows, answer.next === null);
  batch(() => {
    latest = sooner ? latest : { rows: answer.rows, next: answer.next };
    rows.value = merged.rows;
    gone.value = sooner ? new Set() : merged.gone;
    fresh.value = merged.fresh;
    state.value = "ready";
    if (answer.next === null) next.value = null;
  });
  if (!watched.value) settle();
}

/** What is kept may say words that were erased meanwhile: it goes, and so do the rows shown, at the next answer. */
export function forgetAll(): void {
  kept.clear();
  anew = true;
}

/** The list as it is now: after a click on the pill, or when nobody looks closely. */
export function settle(): void {
  if (!fresh.value && !gone.value.size && sameOrder(rows.value, latest.rows)) return;
  replace(latest);
}

function replace(by: { rows: readonly Row[]; next: string | null }): void {
  anew = false;
  batch(() => {
    const at = selected.value;
    put(by);
    selected.value = rows.value.some((row) => row.conversation === at) ? at : null;
    state.value = "ready";
  });
}

export async function loadMore(): Promise<void> {
  const cursor = next.value;
  if (!cursor || state.value !== "ready") return;
  next.value = null;
  const mine = turn;
  const answer = await calls.list(view.value, sort.value, cursor, PAGE).catch(() => null);
  if (mine !== turn) return;
  if (!answer) {
    next.value = cursor;
    return;
  }
  batch(() => {
    rows.value = appendPage(rows.value, answer.rows);
    next.value = answer.next;
    latest = { rows: rows.value, next: answer.next };
  });
}

/** Change a row at once; gives back what it was. */
export function patchRow(conversation: string, change: Partial<Row>): Row | null {
  const before = rows.value.find((row) => row.conversation === conversation) ?? null;
  if (before) putRow({ ...before, ...change });
  return before;
}

export function putRow(row: Row): void {
  rows.value = rows.value.map((one) => (one.conversation === row.conversation ? row : one));
}

/** Take a row out because of an own order; the focus goes to its neighbour, which is returned. */
export function leave(conversation: string, order: Promise<Done>): string | null {
  sendAway(conversation, order);
  const heir = neighbour(rows.value, conversation);
  rows.value = rows.value.filter((row) => row.conversation !== conversation);
  latest = { ...latest, rows: latest.rows.filter((row) => row.conversation !== conversation) };
  kept.set(`${view.value} ${sort.value}`, latest);
  if (selected.value === conversation) selected.value = heir;
  return heir;
}

export async function count(atLeast = 0): Promise<void> {
  counters.value = await calls.counters(atLeast).catch(() => counters.value);
}
