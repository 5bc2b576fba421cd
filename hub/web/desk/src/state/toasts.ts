/** Short messages at the edge; read out by screen readers, gone by themselves unless they report a failure. */
import { signal } from "@preact/signals";
import { Refused } from "../api/http";
import { t } from "../i18n";

export interface Toast {
  id: number;
  text: string;
  kind: "done" | "failed";
  action?: { label: string; run: () => void } | undefined;
  /** When a running-out action ends, ms since 1970. */
  until?: number | undefined;
}

export const toasts = signal<readonly Toast[]>([]);
let last = 0;

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

interface More { action?: Toast["action"]; lasts?: number; kind?: Toast["kind"] }

export function say(text: string, { action, lasts = action ? 8000 : 4000, kind = "done" }: More = {}): number {
  const id = (last += 1);
  toasts.value = [...toasts.value.slice(-3), { id, text, kind, action, until: action ? Date.now() + lasts : undefined }];
  setTimeout(() => dismiss(id), lasts);
  return id;
}

/** Say why something did not work; anything that is no answer of the hub is thrown on. */
export function sayWhy(no: unknown): void {
  say(t("act.failed", { why: why(no) }), { kind: "failed", lasts: 9000 });
}

/** The reason in words. */
export function why(no: unknown): string {
  if (no instanceof Refused) return no.detail["number"] ? `${no.message} (${String(no.detail["number"])})` : no.message;
  return no instanceof Error ? no.message : String(no);
}
