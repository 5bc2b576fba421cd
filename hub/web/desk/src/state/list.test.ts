/** A view that is shown right after an order shows its effect. */
import { afterEach, describe, expect, it, vi } from "vitest";
import * as calls from "../api/calls";
import type { Done, ListAnswer, Row } from "../api/types";
import { follow, leave, refresh, rows, showView, watched } from "./list";

afterEach(() => { vi.restoreAllMocks(); watched.value = false; });

describe("a row that was sent away while somebody points at the list", () => {
  const answer = (position: number, ...conversations: string[]): ListAnswer => ({ position, next: null, rows: conversations.map((conversation) => ({ conversation }) as Row) });
  const shown = (): string[] => rows.value.map((row) => row.conversation);
  const says = (...given: Parameters<typeof answer>): void => { vi.spyOn(calls, "list").mockResolvedValue(answer(...given)); };
  const open = async (): Promise<void> => {
    follow(Promise.resolve({ position: 0 }));
    says(1, "table", "lamp");
    await showView("open");
    watched.value = true;
  };

  it("is not brought back by what was read before", async () => {
    await open();
    leave("lamp", Promise.resolve({ position: 9 }));
    says(8, "table", "lamp");
    await refresh(8);
    expect(shown()).toEqual(["table"]);
  });

  it("comes back with what was read after, and at once when the order was refused", async () => {
    await open();
    leave("lamp", Promise.resolve({ position: 9 }));
    leave("table", Promise.reject(new Error("no")));
    says(8, "table", "lamp");
    await refresh(8);
    expect(shown()).toEqual(["table"]);
    says(10, "table", "lamp");
    await refresh(10);
    expect(shown()).toEqual(["table", "lamp"]);
  });
});

describe("a view", () => {
  const asked = (): unknown[] => vi.mocked(calls.list).mock.calls.map((given) => given[4]);

  it("waits for what was ordered a moment ago, and asks for its position", async () => {
    vi.spyOn(calls, "list").mockResolvedValue({ rows: [], next: null } as unknown as ListAnswer);
    let answer: (done: Done) => void = () => undefined;
    follow(new Promise<Done>((done) => { answer = done; }));
    const shown = showView("open");
    await Promise.resolve();
    expect(asked()).toEqual([]);
    answer({ position: 42 } as Done);
    await shown;
    expect(asked()).toEqual([42]);
  });

  it("asks for nothing in particular when the order was refused", async () => {
    vi.spyOn(calls, "list").mockResolvedValue({ rows: [], next: null } as unknown as ListAnswer);
    follow(Promise.reject(new Error("no")));
    await showView("spam");
    expect(asked()).toEqual([0]);
  });
});
