/** The routes for customers, history, parked letters and settings, one function each. */
import { order, read } from "./http";
import type { AccountHealth, CustomerInfo, Fact, HistoryAnswer, ParkedLetter, Role, SavedReply } from "./types";

const V1 = "/api/v1";

export interface AgentInfo { id: string; name: string; email: string; role: Role; active: boolean }
export interface InboxInfo { account: string; name: string; address: string; kind: string; signature: string; undo_seconds: number }
export interface CustomerHit { id: string; name: string; address: string; conversations: number }

export const customer = (id: string, atLeast = 0) => read<CustomerInfo>(`${V1}/customers/${id}`, atLeast);
export const customers = (q: string) => read<{ rows: CustomerHit[] }>(`${V1}/customers?q=${encodeURIComponent(q)}`);
export const nameCustomer = (id: string, name: string) => order("POST", `${V1}/customers/${id}/name`, { name });
export const verify = (id: string, channel: string, address: string) =>
  order("POST", `${V1}/customers/${id}/identities/verify`, { channel, address });
export const link = (id: string, other: string, survivor: string, why: string) =>
  order("POST", `${V1}/customers/${id}/links`, { other, survivor, why });
export const unlink = (id: string, other: string) => order("DELETE", `${V1}/customers/${id}/links/${other}`);

export const history = (id: string, asOf: string, after: number | null, limit = 200) =>
  read<HistoryAnswer>(`${V1}/customers/${id}/history?limit=${limit}${asOf ? `&as_of=${encodeURIComponent(asOf)}` : ""}${after ? `&after=${after}` : ""}`);
export const fact = (position: number) => read<Fact>(`${V1}/events/${position}`);

export const parked = (atLeast = 0) => read<{ letters: ParkedLetter[]; accounts: AccountHealth[] }>(`${V1}/parked`, atLeast);
export const readAgain = (raw: string) => order("POST", `${V1}/parked/${encodeURIComponent(raw)}/read-again`, {});
export const rawParked = (raw: string) => `${V1}/parked/${encodeURIComponent(raw)}/raw`;

export const inboxes = () => read<{ inboxes: InboxInfo[] }>(`${V1}/inboxes`);
export const agents = () => read<{ agents: AgentInfo[] }>(`${V1}/agents`);
export const addAgent = (agent: { name: string; email: string; role: Role; password: string }) => order("POST", `${V1}/agents`, agent);
export const changeRole = (id: string, role: Role) => order("POST", `${V1}/agents/${id}/role`, { role });
export const removeAgent = (id: string) => order("DELETE", `${V1}/agents/${id}`);
export const savedReplies = () => read<{ replies: SavedReply[] }>(`${V1}/saved-replies`);
export const keepSavedReply = (reply: SavedReply) => order("PUT", `${V1}/saved-replies`, reply);
export const removeSavedReply = (name: string, language: string) => 
  order("DELETE", `${V1}/saved-replies?name=${encodeURIComponent(name)}&language=${language}`);
export const changePassword = (old: string, fresh: string) => order<void>("POST", `${V1}/session/password`, { old, new: fresh });
