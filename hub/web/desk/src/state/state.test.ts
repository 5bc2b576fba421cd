/** Routes and drafts without a server. */
import { describe, expect, it } from "vitest";
import type { Person, ThreadAnswer } from "../api/types";
import { begun, bodyOf, isEmpty, turned } from "./draft";
import { routeOf } from "./route";

describe("addresses of the desk", () => {
  it.each([
    ["/", { page: "inbox", view: "open", conversation: null, compose: false }],
    ["/inbox/mine", { page: "inbox", view: "mine", conversation: null, compose: false }],
    ["/inbox/spam/c1", { page: "inbox", view: "spam", conversation: "c1", compose: false }],
    ["/inbox/open/new", { page: "inbox", view: "open", conversation: null, compose: true }],
    ["/inbox/parked", { page: "parked" }], ["/parked", { page: "parked" }], ["/inbox/nothing", { page: "lost" }],
    ["/customers/k1", { page: "customer", id: "k1" }], ["/customers/k1/history", { page: "history", id: "k1" }], ["/customers", { page: "lost" }],
    ["/agents", { page: "agents" }], ["/saved-replies", { page: "saved" }], ["/elsewhere", { page: "lost" }],
  ])("%s", (path, wanted) => expect(routeOf(path)).toEqual(wanted));
  it("carry the question", () => expect(routeOf("/search", "?q=%E8%AE%A2%E5%8D%95")).toEqual({ page: "search", q: "订单" }));
});

describe("drafts", () => {
  const mia: Person = { address: "mia@x.org", name: "Mia" };
  const bob: Person = { address: "bob@x.org", name: "" };
  const letter = { kind: "message", id: "m1", from: mia, subject: "Lamp", text: "Broken", received_at: "2026-11-22T10:00:00Z" };
  const thread = {
    row: { account: "a1" }, entries: [letter], seen: "m1",
    recipients: { reply: { to: [mia], cc: [], warnings: [] }, reply_all: { to: [mia], cc: [bob], warnings: [] } },
  } as unknown as ThreadAnswer;

  it("begin addressed as the hub proposes, answering the newest letter", () => {
    expect(begun("reply_all", thread)).toMatchObject({ to: [mia], cc: [bob], answers: "m1", seen: "m1", account: "a1" });
  });
  it("keep their words when they become another kind", () => {
    const written = { ...begun("reply", thread), text: "Hello" };
    expect(turned(turned(written, "note", thread), "reply_all", thread)).toMatchObject({ text: "Hello", cc: [bob] });
  });
  it("quote what is forwarded, and drop it when nothing was added", () => {
    const forward = begun("forward", thread);
    expect(forward.text).toContain("> Broken");
    expect(isEmpty(forward, thread)).toBe(true);
    expect(turned(forward, "reply", thread).text).toBe("");
  });
  it("name only files that have arrived", () => {
    const files = [{ key: "1", name: "a", size: 1, share: 1, id: "u1" }, { key: "2", name: "b", size: 1, share: 0.3, id: null }];
    expect(bodyOf({ ...begun("reply", thread), files }).files).toEqual(["u1"]);
  });
});
