/** An auditor who has read the first page of a long history is told so, and finds the way to now. */
import { afterEach, expect, it, vi } from "vitest";
import * as more from "../api/more";
import type { Fact, HistoryAnswer } from "../api/types";
import * as audit from "./audit";

afterEach(() => { vi.restoreAllMocks(); });

function answers(position: number, facts: number[], next: number | null): void {
  const answer = { as_of: { position, at: null }, facts: facts.map((one) => ({ position: one }) as Fact), next, state: {} };
  vi.spyOn(more, "history").mockResolvedValue(answer as unknown as HistoryAnswer);
}

it("reaches now although not every event is read, and points at none of those above it", async () => {
  answers(90, [1, 2, 3], 3);
  await audit.showHistory("alice");
  expect(audit.stops()).toEqual([1, 2, 3, 90]);
  expect(audit.here()).toBeUndefined();
  answers(2, [1, 2], null);
  await audit.moveToTime(new Date());
  expect(audit.here()).toBe(2);
  answers(90, [1, 2, 3], 3);
  await audit.moveToNow();
  expect(audit.at.value).toBe(90);
});

it("offers to read on when something came since the page was opened", async () => {
  answers(3, [1, 2, 3], null);
  await audit.showHistory("alice");
  expect(audit.stops()).toEqual([1, 2, 3]);
  expect(audit.here()).toBe(3);
  answers(8, [1, 2, 3, 8], null);
  await audit.moveToNow();
  expect([audit.next.value, audit.latest.value]).toEqual([3, 8]);
});
