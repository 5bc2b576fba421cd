/** What an auditor must not miss beside the state of a moment. */
import { render } from "preact";
import { afterEach, expect, it } from "vitest";
import { speak } from "../i18n";
import * as audit from "../state/audit";
import { StateThen } from "./then";

afterEach(() => { render(null, document.body); speak("en"); });

const event = { position: 93, name: "conversation.tagged.v1", page: "inbox", why: "ValueError at inbox_rows.py:9" };

function shown(state: Record<string, unknown>): string {
  audit.then.value = { customer: "c", as_of: { position: 99, at: null }, first: null, last: null, state, facts: [], next: null };
  render(<StateThen />, document.body);
  return document.querySelector("[role=alert]")?.textContent ?? "";
}

it("names the events that the state lacks, in the reader's language", () => {
  expect(shown({ not_taken_in: [event] })).toMatch(/93.*conversation\.tagged\.v1.*inbox.*ValueError/);
  speak("zh");
  expect(shown({ not_taken_in: [event] })).toContain("事件 93");
});

it("says how many conversations it does not list", () => {
  shown({ conversations: [{}], conversations_in_all: 3 });
  expect(document.body.textContent).toContain("and 2 older conversations");
  shown({ conversations: [{}], conversations_in_all: 1 });
  expect(document.body.textContent).not.toContain("older");
});

it("warns of nothing when nothing is lacking", () => expect(shown({ conversations: [], not_taken_in: [] })).toBe(""));
