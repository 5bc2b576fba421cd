/** What lies over the page: one dialog at a time, by name. */
import { signal } from "@preact/signals";
import type { FileInfo } from "../api/types";

export type Layer =
  | { kind: "palette" } | { kind: "cheatsheet" } | { kind: "password" }
  | { kind: "assign" | "snooze" | "tag"; conversation: string }
  | { kind: "picture"; files: readonly FileInfo[]; at: number }
  | { kind: "confirm"; customer: string; channel: string; address: string }
  | { kind: "link"; customer: string; other: string | null };

export const layer = signal<Layer | null>(null);
export const open = (what: Layer): void => { layer.value = what; };
export const close = (): void => { layer.value = null; };
