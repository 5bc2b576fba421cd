/** Both languages say everything, with the same blanks. */
import { describe, expect, it } from "vitest";
import { lang, maybe, plural, t } from ".";
import { en } from "./en";
import { zh } from "./zh";

const blanks = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((hit) => hit[1]!).sort();

describe("languages", () => {
  it("have the same keys", () => expect(Object.keys(zh)).toEqual(Object.keys(en)));
  it.each(Object.keys(en) as (keyof typeof en)[])("%s has words and the same blanks", (key) => {
    expect(zh[key].trim()).not.toBe("");
    expect(blanks(zh[key])).toEqual(blanks(en[key]));
  });
  it("leave little untranslated", () => {
    const same = Object.keys(en).filter((key) => en[key as keyof typeof en] === zh[key as keyof typeof en]);
    expect(same).toEqual(["app.name", "channel.telegram"]);
  });
  it("fill blanks and choose the number", () => {
    lang.value = "en";
    expect([t("cust.since", { time: "May" }), plural("list.count", 1), plural("list.count", 3), maybe("no.such", "as it is")]).toEqual(["since May", "1 conversation", "3 conversations", "as it is"]);
    lang.value = "zh";
    expect(plural("list.count", 1)).toBe("1 个会话");
    lang.value = "en";
  });
});
