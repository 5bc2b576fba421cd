/** Names that everything else refers to: colleagues, inboxes, saved replies. */
import { computed, signal } from "@preact/signals";
import * as more from "../api/more";
import type { SavedReply } from "../api/types";
import { canWrite, me } from "./session";

export const agents = signal<readonly more.AgentInfo[]>([]);
export const inboxes = signal<readonly more.InboxInfo[]>([]);
export const savedReplies = signal<readonly SavedReply[]>([]);

/** Who can own a conversation. */
export const owners = computed(() => agents.value.filter((agent) => agent.active && agent.role !== "auditor"));

export async function learnNames(): Promise<void> {
  const [people, boxes] = await Promise.all([more.agents(), more.inboxes()]);
  agents.value = people.agents;
  inboxes.value = boxes.inboxes;
  if (canWrite.value) savedReplies.value = (await more.savedReplies()).replies;
}

export function agentName(id: string): string {
  return agents.value.find((agent) => agent.id === id)?.name ?? (me.value?.id === id ? me.value.name : "");
}

export function inboxOf(account: string): more.InboxInfo | undefined {
  return inboxes.value.find((inbox) => inbox.account === account);
}
