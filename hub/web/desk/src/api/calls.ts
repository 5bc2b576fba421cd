/** The routes of the API that a conversation and the lists need, one function each. */
import { order, read } from "./http";
import type { Counters, DraftBody, ListAnswer, Me, Outcome, Person, SearchHit, Sort, ThreadAnswer, ViewName } from "./types";

const V1 = "/api/v1";
const one = (conversation: string) => `${V1}/conversations/${conversation}`;

export interface ReplyOrder {
  mode: "reply" | "reply_all" | "forward";
  to: Person[];
  cc: Person[];
  subject: string;
  text: string;
  files: string[];
  answers: string | null;
  seen: string | null;
  resolve?: boolean;
  tells_outcome?: boolean;
}
export interface FirstLetter { account: string; to: Person[]; cc: Person[]; subject: string; text: string; files: string[]; customer?: string }

export const signIn = (login: string, password: string) => order<Me>("POST", `${V1}/session`, { login, password });
export const whoAmI = () => read<Me>(`${V1}/session`);
export const signOut = () => order<void>("DELETE", `${V1}/session`);

export const list = (view: ViewName, sort: Sort, cursor: string | null, limit: number, atLeast = 0) =>
  read<ListAnswer>(`${V1}/inbox/${view}?sort=${sort}&limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, atLeast);
export const counters = (atLeast = 0) => read<Counters>(`${V1}/inbox-counters`, atLeast);
export const search = (q: string, limit = 30, signal?: AbortSignal) =>
  read<{ hits: SearchHit[] }>(`${V1}/search?q=${encodeURIComponent(q)}&limit=${limit}`, 0, signal);

export const thread = (conversation: string, before: string | null = null, atLeast = 0) =>
  read<ThreadAnswer>(`${one(conversation)}${before ? `?before=${encodeURIComponent(before)}` : ""}`, atLeast);
export const begin = (letter: FirstLetter) => order("POST", `${V1}/conversations`, letter);
export const reply = (conversation: string, letter: ReplyOrder) => order("POST", `${one(conversation)}/replies`, letter);
export const undoSend = (conversation: string, message: string) => order("DELETE", `${one(conversation)}/replies/${message}`);
export const sendAnyway = (conversation: string, message: string) => order("POST", `${one(conversation)}/replies/${message}/retry`, {});
export const note = (conversation: string, text: string) => order("POST", `${one(conversation)}/notes`, { text });
export const assign = (conversation: string, assignee: string | null) => order("POST", `${one(conversation)}/assign`, { assignee });
export const snooze = (conversation: string, until: string) => order("POST", `${one(conversation)}/snooze`, { until });
export const turn = (conversation: string, to: "resolve" | "reopen" | "wake") => order("POST", `${one(conversation)}/${to}`, {});
export const spam = (conversation: string, is: boolean) =>
  is ? order("POST", `${one(conversation)}/spam`, {}) : order("DELETE", `${one(conversation)}/spam`);
export const tag = (conversation: string, name: string, on: boolean) =>
  order(on ? "PUT" : "DELETE", `${one(conversation)}/tags/${encodeURIComponent(name)}`);
export const markComplaint = (conversation: string, message?: string) =>
  order("POST", `${one(conversation)}/complaint`, message ? { message } : {});

export interface MoveBody { outcome?: Outcome; reasons?: string; how?: string; reason?: string; why?: string }
export const move = (complaint: string, name: string, body: MoveBody = {}) => order("POST", `${V1}/complaints/${complaint}/${name}`, body);

export const draft = (conversation: string) => read<DraftBody | null>(`${one(conversation)}/draft`);
export const keepDraft = (conversation: string, body: DraftBody) => order<void>("PUT", `${one(conversation)}/draft`, body);
export const dropDraft = (conversation: string) => order<void>("DELETE", `${one(conversation)}/draft`);

export const letterHtml = (message: string) => read<{ html: string; remote_images: number }>(`${V1}/messages/${message}/html?images=0`);
export const letterFrame = (message: string) => `${V1}/messages/${message}/frame?images=1`;
export const rawLetter = (message: string) => `${V1}/messages/${message}/raw`;
