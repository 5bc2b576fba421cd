/** Letters that could not be read, and how the inboxes are. */
import { batch, signal } from "@preact/signals";
import * as more from "../api/more";
import type { AccountHealth, ParkedLetter } from "../api/types";
import { route } from "./route";
import { why } from "./toasts";

export const letters = signal<readonly ParkedLetter[] | null>(null);
export const accounts = signal<readonly AccountHealth[]>([]);
export const failure = signal("");

export async function loadParked(position = 0): Promise<void> {
  try {
    const read = await more.parked(position);
    batch(() => {
      letters.value = read.letters;
      accounts.value = read.accounts;
      failure.value = "";
    });
  } catch (no) {
    failure.value = why(no);
  }
}

export async function refreshParked(position: number): Promise<void> {
  if (route.value.page === "parked") await loadParked(position);
}
