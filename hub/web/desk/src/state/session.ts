/** Who is signed in, and what they may do. */
import { computed, signal } from "@preact/signals";
import * as calls from "../api/calls";
import { caller, Refused } from "../api/http";
import type { Me } from "../api/types";
import { suggestLanguage } from "./prefs";

/** undefined: not known yet; null: nobody. */
export const me = signal<Me | null | undefined>(undefined);
/** The session ended while the desk was open. */
export const ended = signal(false);

export const canWrite = computed(() => !!me.value && me.value.role !== "auditor");
export const canAudit = computed(() => !!me.value && me.value.role !== "rep");
export const isAdmin = computed(() => me.value?.role === "admin");

caller.signedOut = () => {
  if (me.value) ended.value = true;
  me.value = null;
};

function enter(person: Me): void {
  caller.csrf = person.csrf;
  suggestLanguage(person.language);
  ended.value = false;
  me.value = person;
}

/** Who the cookie says we are. */
export async function recognise(): Promise<void> {
  try {
    enter(await calls.whoAmI());
  } catch (no) {
    if (!(no instanceof Refused)) throw no;
    me.value = null;
  }
}

export async function signIn(login: string, password: string): Promise<void> {
  enter(await calls.signIn(login, password));
}

export async function signOut(): Promise<void> {
  await calls.signOut().catch(() => undefined);
  location.assign("/");
}
