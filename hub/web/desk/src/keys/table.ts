/** Every shortcut, once: the handler, the cheat sheet and the palette read this table. */
import type { Key } from "../i18n";

/** Where a shortcut works: anywhere; on the pages of the inbox; with a conversation open. */
export type Where = "anywhere" | "inbox" | "conversation";
export type Group = "go" | "list" | "write" | "act" | "desk";

export interface Shortcut {
  id: ActionId;
  /** Alternatives; a space separates a sequence ("g i"); "mod" is Ctrl, or Cmd on a Mac. */
  keys: readonly string[];
  where: Where;
  group: Group;
  label: Key;
  /** Changes something: hidden from auditors. */
  writes?: true;
  /** Not offered in the palette (moving about). */
  quiet?: true;
}

export type ActionId = (typeof ids)[number];
const ids = [
  "next", "previous", "open", "back", "refresh", "nextMessage", "previousMessage",
  "reply", "replyAll", "forward", "note", "compose",
  "assignMe", "assign", "snooze", "resolve", "reopen", "tag", "complaint", "spam", "copyLink",
  "goMine", "goUnassigned", "goOpen", "goComplaints", "goSnoozed", "goResolved", "goSpam", "goParked", "goSaved", "goAgents",
  "search", "palette", "cheatsheet", "context", "system", "theme", "language", "shortcuts", "history", "customer", "signOut",
] as const;

const TABLE_ROWS: readonly Shortcut[] = [
  { id: "next", keys: ["j", "ArrowDown"], where: "inbox", group: "list", label: "key.next", quiet: true },
  { id: "previous", keys: ["k", "ArrowUp"], where: "inbox", group: "list", label: "key.previous", quiet: true },
  { id: "open", keys: ["Enter", "o"], where: "inbox", group: "list", label: "key.open", quiet: true },
  { id: "back", keys: ["u"], where: "conversation", group: "list", label: "key.back", quiet: true },
  { id: "refresh", keys: ["."], where: "inbox", group: "list", label: "key.refresh", quiet: true },
  { id: "nextMessage", keys: ["]"], where: "conversation", group: "list", label: "key.nextMessage", quiet: true },
  { id: "previousMessage", keys: ["["], where: "conversation", group: "list", label: "key.previousMessage", quiet: true },

  { id: "reply", keys: ["r"], where: "conversation", group: "write", label: "key.reply", writes: true },
  { id: "replyAll", keys: ["Shift+R"], where: "conversation", group: "write", label: "key.replyAll", writes: true },
  { id: "forward", keys: ["f"], where: "conversation", group: "write", label: "key.forward", writes: true },
  { id: "note", keys: ["n"], where: "conversation", group: "write", label: "key.note", writes: true },
  { id: "compose", keys: ["w"], where: "anywhere", group: "write", label: "key.compose", writes: true },

  { id: "assignMe", keys: ["i"], where: "conversation", group: "act", label: "key.assignMe", writes: true },
  { id: "assign", keys: ["a"], where: "conversation", group: "act", label: "key.assign", writes: true },
  { id: "snooze", keys: ["h", "z"], where: "conversation", group: "act", label: "key.snooze", writes: true },
  { id: "resolve", keys: ["e"], where: "conversation", group: "act", label: "key.resolve", writes: true },
  { id: "reopen", keys: ["Shift+E"], where: "conversation", group: "act", label: "key.reopen", writes: true },
  { id: "tag", keys: ["t"], where: "conversation", group: "act", label: "key.tag", writes: true },
  { id: "complaint", keys: ["c"], where: "conversation", group: "act", label: "key.complaint", writes: true },
  { id: "spam", keys: ["!"], where: "conversation", group: "act", label: "key.spam", writes: true },
  { id: "copyLink", keys: ["y"], where: "conversation", group: "act", label: "key.copyLink" },

  { id: "goMine", keys: ["g m"], where: "anywhere", group: "go", label: "key.goMine" },
  { id: "goUnassigned", keys: ["g u"], where: "anywhere", group: "go", label: "key.goUnassigned" },
  { id: "goOpen", keys: ["g o"], where: "anywhere", group: "go", label: "key.goOpen" },
  { id: "goComplaints", keys: ["g c"], where: "anywhere", group: "go", label: "key.goComplaints" },
  { id: "goSnoozed", keys: ["g z"], where: "anywhere", group: "go", label: "key.goSnoozed" },
  { id: "goResolved", keys: ["g e"], where: "anywhere", group: "go", label: "key.goResolved" },
  { id: "goSpam", keys: ["g s"], where: "anywhere", group: "go", label: "key.goSpam" },
  { id: "goParked", keys: ["g p"], where: "anywhere", group: "go", label: "key.goParked" },
  { id: "goSaved", keys: ["g r"], where: "anywhere", group: "go", label: "key.goSaved" },
  { id: "goAgents", keys: ["g a"], where: "anywhere", group: "go", label: "key.goAgents" },
  { id: "customer", keys: ["g k"], where: "conversation", group: "go", label: "key.customer" },
  { id: "history", keys: ["g h"], where: "conversation", group: "go", label: "key.history" },

  { id: "search", keys: ["/"], where: "anywhere", group: "desk", label: "key.search" },
  { id: "palette", keys: ["mod+k"], where: "anywhere", group: "desk", label: "key.palette", quiet: true },
  { id: "cheatsheet", keys: ["?"], where: "anywhere", group: "desk", label: "key.cheatsheet" },
  { id: "context", keys: ["\\"], where: "conversation", group: "desk", label: "key.context" },
  { id: "system", keys: ["l"], where: "conversation", group: "desk", label: "key.system" },
  { id: "theme", keys: [], where: "anywhere", group: "desk", label: "key.theme" },
  { id: "language", keys: [], where: "anywhere", group: "desk", label: "key.language" },
  { id: "shortcuts", keys: [], where: "anywhere", group: "desk", label: "key.shortcuts" },
  { id: "signOut", keys: [], where: "anywhere", group: "desk", label: "key.signOut" },
];

export const TABLE: readonly Shortcut[] = TABLE_ROWS;

/** Two shortcuts that could mean the same key press, for the test: there must be none. */
export function conflicts(table: readonly Shortcut[]): string[] {
  const taken = new Map<string, ActionId>();
  const found: string[] = [];
  for (const { id, keys } of table) {
    for (const key of keys) {
      const first = key.split(" ")[0]!;
      const others = [...taken].filter(([other]) => other === key || (key.includes(" ") ? other === first : other.split(" ")[0] === key && other.includes(" ")));
      for (const [other, by] of others) found.push(`${key} (${id}) and ${other} (${by})`);
      taken.set(key, id);
    }
  }
  return found;
}
