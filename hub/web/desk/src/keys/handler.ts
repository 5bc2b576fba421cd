/** From a key press to a shortcut: never while somebody types, sequences within a second and a half. */
import { layer } from "../state/layers";
import { shortcuts } from "../state/prefs";
import { me } from "../state/session";
import { can, RUN, swallow } from "./run";
import { TABLE, type Shortcut } from "./table";

const SOON = 1500;
let before = "";
let beforeAt = 0;

/** The name of a key press as the table writes it: "j", "Shift+R", "mod+k", "?". */
export function nameOf(event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): string {
  if (event.altKey) return "";
  if (event.ctrlKey || event.metaKey) return `mod+${event.key.toLowerCase()}`;
  if (/^[A-Za-z]$/.test(event.key) && event.shiftKey) return `Shift+${event.key.toUpperCase()}`;
  return event.key.length === 1 && /[A-Z]/.test(event.key) ? event.key.toLowerCase() : event.key;
}

/** The shortcut that this key completes, given the key before it. */
export function found(key: string, previous: string, table: readonly Shortcut[] = TABLE): Shortcut | undefined {
  const sequence = previous ? `${previous} ${key}` : key;
  return table.find((one) => one.keys.includes(sequence)) ?? (previous ? undefined : table.find((one) => one.keys.includes(key)));
}

const starts = (key: string): boolean => TABLE.some((one) => one.keys.some((keys) => keys.startsWith(`${key} `)));

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return event.isComposing || target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Enter and the arrows belong to what has the focus, if that can use them. */
function belongsElsewhere(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  const pressed = event.key === "Enter" || event.key === " ";
  if (pressed && target.closest("a, button, summary, [role=tab], [role=menuitem]")) return true;
  return event.key.startsWith("Arrow") && !!target.closest("[role=tablist], [role=radiogroup], [role=toolbar], .thread, .panel, .page");
}

export function onKey(event: KeyboardEvent): void {
  const key = nameOf(event);
  const palette = key === "mod+k" && !!me.value && layer.value?.kind !== "palette";
  if (!palette && (!shortcuts.value || !me.value || layer.value || isTyping(event) || belongsElsewhere(event) || event.repeat && !/^(j|k|Arrow)/.test(key))) return;
  if (Date.now() < swallow.until) return event.preventDefault();
  const previous = Date.now() - beforeAt < SOON ? before : "";
  const shortcut = found(key, previous);
  before = !previous && !shortcut && starts(key) ? key : "";
  beforeAt = Date.now();
  if (!shortcut || !can(shortcut)) return;
  event.preventDefault();
  RUN[shortcut.id]();
}
