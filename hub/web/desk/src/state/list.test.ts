/** A view that is shown right after an order shows its effect. */
import { afterEach, describe, expect, it, vi } from "vitest";
import * as calls from "../api/calls";
import type { Done, ListAnswer } from "../api/types";
import { follow, showView } from "./list";

afterEach(() => { vi.restoreAllMocks(); });

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
