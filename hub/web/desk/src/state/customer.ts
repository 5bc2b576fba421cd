/** The customer shown in the context pane or on a page of their own. */
import { batch, signal } from "@preact/signals";
import * as more from "../api/more";
import type { CustomerInfo } from "../api/types";
import { why } from "./toasts";

export const id = signal<string | null>(null);
export const customer = signal<CustomerInfo | null>(null);
export const failure = signal("");
const kept = new Map<string, CustomerInfo>();

export async function showCustomer(wanted: string | null): Promise<void> {
  if (wanted === id.value && customer.value) return;
  batch(() => {
    id.value = wanted;
    customer.value = wanted ? (kept.get(wanted) ?? null) : null;
    failure.value = "";
  });
  await refreshCustomer(0);
}

export async function refreshCustomer(position: number): Promise<void> {
  const wanted = id.value;
  if (!wanted) return;
  try {
    const read = await more.customer(wanted, position);
    kept.set(wanted, read);
    if (kept.size > 30) kept.delete(kept.keys().next().value!);
    if (id.value === wanted) batch(() => { customer.value = read; failure.value = ""; });
  } catch (no) {
    if (id.value === wanted) failure.value = why(no);
  }
}
