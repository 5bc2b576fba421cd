/** The pure pieces keep their promises. */
import { describe, expect, it } from "vitest";
import type { Row } from "../api/types";
import { fuzzy, ranked } from "./fuzzy";
import { appendPage, mergeInPlace, neighbour } from "./merge";
import { difference, distinct, forgotAttachment, parsePeople } from "./recipients";
import { presets, understood } from "./snooze";
import { filled, initials, linked, oldPart, quoted, slashWord } from "./text";
import { isLate, size, waited } from "./times";

const row = (conversation: string, subject = ""): Row => ({ conversation, subject }) as Row;
const rows = (names: string): Row[] => [...names].map((name) => row(name));
const names = (list: readonly Row[]): string => list.map((one) => one.conversation).join("");
const NOW = new Date(2026, 10, 22, 14, 30); // a Sunday

describe("a list that somebody looks at", () => {
  it("changes rows where they stand", () => {
    const merged = mergeInPlace(rows("abc"), [row("c"), row("a", "new"), row("b")], true);
    expect(names(merged.rows)).toBe("abc");
    expect(merged.rows[0]!.subject).toBe("new");
    expect(merged.fresh).toBe(0);
  });
  it("lets new rows wait when they would push others down", () => {
    const merged = mergeInPlace(rows("abc"), rows("xaybc"), true);
    expect(names(merged.rows)).toBe("abc");
    expect(merged.fresh).toBe(2);
  });
  it("takes new rows at the end, which move nothing", () => {
    const merged = mergeInPlace(rows("abc"), rows("abcde"), true);
    expect([names(merged.rows), merged.fresh]).toEqual(["abcde", 0]);
  });
  it("knows that the end of one page of many is not the end", () => {
    expect(mergeInPlace(rows("abc"), rows("abcde"), false).fresh).toBe(2);
  });
  it("keeps what left the view, marked", () => {
    const merged = mergeInPlace(rows("abc"), rows("ac"), true);
    expect(names(merged.rows)).toBe("abc");
    expect([...merged.gone]).toEqual(["b"]);
  });
  it("fills an empty list at once", () => {
    expect(names(mergeInPlace([], rows("ab"), false).rows)).toBe("ab");
  });
  it("never shows a row twice when pages overlap", () => {
    expect(names(appendPage(rows("abc"), rows("bcd")))).toBe("abcd");
  });
  it("hands the focus to the next row, else to the one before", () => {
    expect([neighbour(rows("abc"), "b"), neighbour(rows("abc"), "c"), neighbour(rows("a"), "a")]).toEqual(["c", "b", null]);
  });
});

describe("fuzzy match", () => {
  it("finds letters in order and says where", () => {
    expect(fuzzy("rta", "Reply to all")?.marks).toEqual([0, 6, 9]);
    expect(fuzzy("xyz", "Reply to all")).toBeNull();
  });
  it("puts word starts before letters inside words", () => {
    expect(ranked("as", ["Bring as", "Assign to me", "Phrase"], (one) => one)[0]!.item).toBe("Assign to me");
  });
  it("finds Chinese", () => {
    expect(fuzzy("分配", "分配给我")?.marks).toEqual([0, 1]);
  });
  it("keeps the order while nothing is typed", () => {
    expect(ranked("", ["b", "a"], (one) => one).map((one) => one.item)).toEqual(["b", "a"]);
  });
});

describe("moments in people's words", () => {
  const at = (text: string): string => {
    const found = understood(text, NOW);
    return found ? `${found.getMonth() + 1}-${found.getDate()} ${found.getHours()}:${String(found.getMinutes()).padStart(2, "0")}` : "no";
  };
  it.each([
    ["tomorrow 9:00", "11-23 9:00"], ["tomorrow", "11-23 9:00"], ["tom 3pm", "11-23 15:00"], ["in 2 hours", "11-22 16:30"], ["2h", "11-22 16:30"], ["in 45 minutes", "11-22 15:15"],
    ["half an hour", "11-22 15:00"], ["in a week", "11-29 14:30"], ["fri", "11-27 9:00"], ["Friday 14:00", "11-27 14:00"], ["sunday", "11-29 9:00"], ["next week", "11-23 9:00"],
    ["tonight", "11-22 18:00"], ["17:15", "11-22 17:15"], ["9:00", "11-23 9:00"], ["2026-12-24 8:30", "12-24 8:30"], ["day after tomorrow 10am", "11-24 10:00"], ["12am tomorrow", "11-23 0:00"],
    ["明天9点", "11-23 9:00"], ["明天", "11-23 9:00"], ["明天下午3点", "11-23 15:00"], ["明天下午3点半", "11-23 15:30"], ["两小时后", "11-22 16:30"], ["2个小时后", "11-22 16:30"], ["30分钟后", "11-22 15:00"],
    ["后天上午", "11-24 9:00"], ["大后天", "11-25 9:00"], ["周五", "11-27 9:00"], ["下周一", "11-23 9:00"], ["下周五14:00", "11-27 14:00"], ["今晚8点", "11-22 20:00"], ["三天后", "11-25 14:30"], ["12月24日", "12-24 9:00"], ["明天十点", "11-23 10:00"],
  ])("%s", (text, wanted) => expect(at(text)).toBe(wanted));
  it.each(["", "soon", "yesterday", "25:00", "today 9:00", "2026-02-31", "in -2 hours"])("does not guess at %j", (text) => expect(at(text)).toBe("no"));
  it("offers choices in the future, soonest first", () => {
    const times = presets(NOW).map((one) => one.at.getTime());
    expect(times.every((time) => time > NOW.getTime())).toBe(true);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });
});

describe("recipients", () => {
  const person = (address: string, name = "") => ({ address, name });
  it("tells who was added and dropped, whatever the case", () => {
    const said = difference([person("Mia@x.org"), person("bob@y.org")], [person("mia@x.org"), person("eve@z.org")]);
    expect(said).toEqual({ added: [person("eve@z.org")], dropped: [person("bob@y.org")] });
  });
  it("reads names and addresses", () => {
    expect(parsePeople('"Chen, Mia" ').rest).not.toBe("");
    expect(parsePeople("Mia Chen <mia@x.org>; bob@y.org，li@例子.中国").people).toEqual([person("mia@x.org", "Mia Chen"), person("bob@y.org"), person("li@例子.中国")]);
    expect(parsePeople("nobody")).toEqual({ people: [], rest: "nobody" });
  });
  it("names each address once", () => expect(distinct([person("a@x"), person("A@x")])).toHaveLength(1));
  it("notices a forgotten attachment, not a quoted one", () => {
    expect([forgotAttachment("see attached", 0), forgotAttachment("请见附件", 0), forgotAttachment("> see attached", 0), forgotAttachment("attached", 1)]).toEqual([true, true, false, false]);
  });
});

describe("texts", () => {
  it("finds web addresses and leaves the full stop", () => {
    expect(linked("see https://x.org/a?b=1. Bye").map((piece) => piece.href)).toEqual([null, "https://x.org/a?b=1", null]);
    expect(linked("见https://x.org/路径。").some((piece) => piece.href)).toBe(true);
    expect(linked("javascript:alert(1)").every((piece) => piece.href === null)).toBe(true);
  });
  it("fills variables once and leaves the unknown", () => {
    expect(filled("{customer.name} {agent.name} {x.y}", { "customer.name": "{agent.name}", "agent.name": "" })).toBe("{agent.name} {agent.name} {x.y}");
  });
  it("opens saved replies only at a word's start", () => {
    expect([slashWord("Hi /ref", 7), slashWord("and/or", 6), slashWord("/", 1), slashWord("a / b", 5)]).toEqual(["ref", null, "", null]);
  });
  it("shortens names", () => expect([initials("Mia Chen"), initials("陈美"), initials("mia"), initials(" ")]).toEqual(["MC", "陈", "MI", "?"]));
  it("quotes", () => expect(quoted("a\n\nb")).toBe("> a\n>\n> b"));
  it("parts old words from new", () => expect([oldPart("new\n> old", "new"), oldPart("other", "new")]).toEqual(["> old", "other"]));
});

describe("times", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  it.each([["2026-11-22T11:59:40Z", "now", "刚刚"], ["2026-11-22T11:56:00Z", "4m", "4分"], ["2026-11-22T08:40:00Z", "3h 20m", "3小时"], ["2026-11-20T08:00:00Z", "2d 4h", "2天 4小时"], ["2026-11-01T00:00:00Z", "21d", "21天"], ["2026-11-23T00:00:00Z", "now", "刚刚"]])("waited since %s", (since, en, zh) => {
    expect([waited(since, now, "en"), waited(since, now, "zh")]).toEqual([en, zh]);
  });
  it("knows a late letter", () => {
    expect([isLate("2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z"), isLate("2026-11-22T11:59:00Z", "2026-11-22T12:00:00Z"), isLate(null, "2026-11-22T12:00:00Z")]).toEqual([true, false, false]);
  });
  it("says sizes", () => expect([size(900, "en"), size(12_300, "en"), size(2_400_000, "en")]).toEqual(["900 byte", "12 kB", "2.4 MB"]));
});
