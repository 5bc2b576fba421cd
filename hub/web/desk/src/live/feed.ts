/** What the live feed means for the stores. */
import { batch } from "@preact/signals";
import type { LiveMessage } from "../api/types";
import { t } from "../i18n";
import { keepFailed } from "../state/composer";
import * as customer from "../state/customer";
import * as list from "../state/list";
import { refreshParked } from "../state/parked";
import { ended, me } from "../state/session";
import * as thread from "../state/thread";
import { say } from "../state/toasts";
import { forgetSeats, seen } from "./presence";
import { connect, offlineSince } from "./socket";

export function followFeed(): void {
  connect((message) => HEARD[message.type](message as never));
}

type Of<K extends LiveMessage["type"]> = Extract<LiveMessage, { type: K }>;
const HEARD: { [K in LiveMessage["type"]]: (message: Of<K>) => void } = {
  hello: greeted,
  changed,
  presence: (message) => seen(message.conversation, message.people),
  reload: (message) => { forgetWords(); everything(message.position); },
  bye: goodbye,
};

function greeted(message: Of<"hello">): void {
  if (offlineSince.value === null) return;
  offlineSince.value = null;
  forgetSeats();
  say(t("live.back"));
  keepFailed();
  everything(message.position);
}

function changed(message: Of<"changed">): void {
  list.counters.value = message.counters;
  thread.forget(message.conversations, message.customers);
  if (message.erased) forgetWords();
  void list.refresh(message.position);
  const open = thread.id.value;
  // What becomes of a customer (an address is proven, everything is erased) shows in their letters too.
  if (open && (message.conversations.includes(open) || message.customers.includes(thread.row.value?.customer ?? ""))) void thread.refresh(message.position);
  if (customer.id.value && message.customers.includes(customer.id.value)) void customer.refreshCustomer(message.position);
  if (message.parked) void refreshParked(message.position);
}

function everything(position: number): void {
  thread.forgetAll();
  void list.refresh(Math.max(1, position));
  void list.count(position);
  void thread.refresh(position);
  void customer.refreshCustomer(position);
}

/** Somebody was erased: nothing that is only kept for speed may still say what they wrote. */
function forgetWords(): void {
  list.forgetAll();
  thread.forgetAll();
}

function goodbye(): void {
  batch(() => {
    ended.value = true;
    me.value = null;
  });
}
