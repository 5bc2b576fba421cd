/** What the lines of a thread say. */
import { afterEach, expect, it } from "vitest";
import type { SystemEntry } from "../api/types";
import { speak } from "../i18n";
import { sentence } from "./entries";

afterEach(() => speak("en"));

const line = (what: string, detail: Record<string, string>): string =>
  sentence({ kind: "system", position: 1, at: "2026-03-05T10:00:00Z", conversation: null, actor: { kind: "system", id: "intake", name: "" }, what, detail } as SystemEntry);

it("says what a letter that did not arrive leaves undone, in the reader's language", () => {
  const told = (done: string): string => line("complaint.letter_failed.v1", { told: done });
  expect(told("True")).toBe("The letter did not arrive: the outcome counts as not told");
  expect(told("False")).toBe("The letter did not arrive: its apology counts as not given");
  speak("zh");
  expect(told("True")).toBe("信件未送达：处理结果视为尚未告知");
});

it("says in the reader's language why a complaint was taken up again by itself", () => {
  const why = "the letter that told the outcome did not arrive";
  expect(line("complaint.reopened.v2", { why })).toContain(why);
  speak("zh");
  expect(line("complaint.reopened.v2", { why })).toContain("告知结果的信件未送达");
});
