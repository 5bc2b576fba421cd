/** The shortcut table means one thing for each key. */
import { describe, expect, it } from "vitest";
import { nameOf, found } from "./handler";
import { conflicts, TABLE } from "./table";

const press = (key: string, more: Partial<KeyboardEvent> = {}) => nameOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

describe("shortcuts", () => {
  it("never mean two things", () => expect(conflicts(TABLE)).toEqual([]));
  it("would be caught if they did", () => {
    expect(conflicts([...TABLE, { ...TABLE[0]!, id: "spam", keys: ["j"] }])).not.toEqual([]);
    expect(conflicts([...TABLE, { ...TABLE[0]!, id: "spam", keys: ["g"] }])).not.toEqual([]);
  });
  it("have one entry per action", () => expect(new Set(TABLE.map((one) => one.id)).size).toBe(TABLE.length));
  it("are named as the table writes them", () => {
    expect([press("r"), press("R", { shiftKey: true }), press("R"), press("?", { shiftKey: true }), press("k", { ctrlKey: true }), press("K", { metaKey: true }), press("e", { altKey: true })]).toEqual(["r", "Shift+R", "r", "?", "mod+k", "mod+k", ""]);
  });
  it("go in sequences", () => {
    expect([found("m", "g")?.id, found("m", "")?.id, found("r", "")?.id, found("r", "g")?.id, found("j", "g")?.id]).toEqual(["goMine", undefined, "reply", "goSaved", undefined]);
  });
});
