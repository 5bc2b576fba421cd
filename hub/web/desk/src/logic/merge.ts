/** Fresh rows into a list that somebody is looking at: nothing on screen moves by itself. */
import type { Row } from "../api/types";

export interface Shown {
  rows: Row[];
  /** Rows that have left the view and stay, dimmed, until the list is brought up to date. */
  gone: ReadonlySet<string>;
  /** How many conversations wait behind the "3 new" pill. */
  fresh: number;
}

/** Rows change where they stand; new ones that would push others down wait; those at the end just appear. */
export function mergeInPlace(shown: readonly Row[], now: readonly Row[], complete: boolean): Shown {
  const known = new Map(now.map((row) => [row.conversation, row]));
  const held = new Set(shown.map((row) => row.conversation));
  const rows = shown.map((row) => known.get(row.conversation) ?? row);
  const tail = complete || shown.length === 0 ? newAtEnd(now, held) : [];
  const waiting = now.filter((row) => !held.has(row.conversation)).length - tail.length;
  const gone = new Set(shown.filter((row) => !known.has(row.conversation)).map((row) => row.conversation));
  return { rows: [...rows, ...tail], gone, fresh: waiting };
}

function newAtEnd(now: readonly Row[], held: ReadonlySet<string>): Row[] {
  let start = now.length;
  while (start > 0 && !held.has(now[start - 1]!.conversation)) start -= 1;
  return now.slice(start);
}

/** Whether the two lists show the same conversations in the same order. */
export function sameOrder(one: readonly Row[], other: readonly Row[]): boolean {
  return one.length === other.length && one.every((row, at) => row.conversation === other[at]!.conversation);
}

/** A further page below, without rows that moved into it meanwhile. */
export function appendPage(shown: readonly Row[], page: readonly Row[]): Row[] {
  const held = new Set(shown.map((row) => row.conversation));
  return [...shown, ...page.filter((row) => !held.has(row.conversation))];
}

/** Who gets the focus when a row leaves: the next one, else the one before. */
export function neighbour(rows: readonly Row[], conversation: string): string | null {
  const at = rows.findIndex((row) => row.conversation === conversation);
  return (rows[at + 1] ?? rows[at - 1])?.conversation ?? null;
}
