/** The shapes of the public JSON API (v1). Times are ISO 8601 in UTC, ids are UUIDs as text. */

export type Role = "rep" | "lead" | "auditor" | "admin";
export type ViewName = "mine" | "unassigned" | "open" | "complaints" | "snoozed" | "resolved" | "spam" | "parked";
export type Status = "open" | "waiting" | "snoozed" | "resolved" | "closed";
export type ComplaintPhase = "detected" | "registered" | "investigating" | "responded" | "closed";
export type Outcome = "upheld" | "partly upheld" | "not upheld";
export type Sort = "waiting" | "newest" | "oldest";

export interface Person { address: string; name: string }
export interface AgentRef { id: string; name: string }

export interface Me { id: string; name: string; email: string; role: Role; csrf: string; language: "en" | "zh" }

export interface Row {
  conversation: string;
  customer: string;
  customer_name: string;
  customer_address: string;
  verified: boolean;
  account: string;
  inbox_name: string;
  channel: string;
  subject: string;
  snippet: string;
  status: Status;
  spam: boolean;
  assignee: AgentRef | null;
  tags: string[];
  waiting_since: string | null;
  last_at: string;
  snoozed_until: string | null;
  messages: number;
  complaint: { id: string; number: string; phase: ComplaintPhase } | null;
  /** A letter of ours failed, bounced or is uncertain. */
  trouble: "" | "failed" | "bounced" | "uncertain";
  erased: boolean;
}

export interface ListAnswer { position: number; rows: Row[]; next: string | null }
export type Counters = Record<ViewName, number>;

export interface FileInfo { index: number; filename: string; content_type: string; size: number; sha256: string; inline: boolean; url: string }

export type DeliveryState = "pending" | "started" | "deferred" | "handed_over" | "delivered" | "failed" | "bounced" | "uncertain" | "withdrawn";

/** One entry of a thread, oldest first. */
export type Entry = MessageEntry | ReplyEntry | NoteEntry | SystemEntry;

interface EntryCommon { position: number; at: string; actor: { kind: "customer" | "agent" | "bot" | "system"; id: string; name: string } }
export interface MessageEntry extends EntryCommon {
  kind: "message"; id: string; from: Person; to: Person[]; cc: Person[]; reply_to: Person | null; subject: string;
  /** Only what is new in this letter; `quoted` says whether `text` holds more. */
  new_text: string; text: string; quoted: boolean; has_html: boolean;
  occurred_at: string | null; received_at: string; verified: boolean; automatic: string; language: string;
  threaded_by: string; threading_why: string; same_id_other_bytes: boolean; defects: string[]; files: FileInfo[]; erased: boolean; seen_again: number;
}
export interface ReplyEntry extends EntryCommon {
  kind: "reply"; id: string; reply_kind: "reply" | "forward" | "new" | "acknowledgement" | "receipt"; automatic: boolean;
  to: Person[]; cc: Person[]; subject: string; text: string; files: FileInfo[]; send_after: string;
  delivery: { state: DeliveryState; attempt: number; why: string; next_at: string | null }; erased: boolean;
}
export interface NoteEntry extends EntryCommon { kind: "note"; id: string; text: string; erased: boolean }
/** `what` is an event name such as "conversation.assigned.v1"; `detail` holds what the line needs, already safe to show. */
export interface SystemEntry extends EntryCommon { kind: "system"; what: string; detail: Record<string, string> }

export interface ThreadAnswer {
  position: number;
  row: Row;
  entries: Entry[];
  earlier: string | null;
  /** Last customer's or colleague's message shown: goes into `seen` when sending. */
  seen: string | null;
  recipients: { reply: Recipients; reply_all: Recipients };
  complaint: ComplaintInfo | null;
}
export interface Recipients { to: Person[]; cc: Person[]; warnings: string[] }

export interface ComplaintInfo {
  id: string; number: string; phase: ComplaintPhase; conversation: string; customer: string; subject: string; received_at: string; registered_at: string | null;
  score: number | null; reasons: string[]; acknowledged_at: string | null; apologised_at: string | null; told_at: string | null;
  withheld: string; outcome: Outcome | null; outcome_reasons: string; close_reason: string | null;
  /** Commands that are legal now, for this agent. */
  moves: string[];
}

export interface IdentityInfo { channel: string; address: string; verified: boolean; evidence: string; why: string; since: string }
export interface CustomerInfo {
  position: number; id: string; name: string; erased: boolean; identities: IdentityInfo[];
  links: { customer: string; name: string; address: string; survivor: boolean; why: string }[];
  suggestions: { customer: string; name: string; address: string; why: string }[];
  /** The newest ones; `conversations_in_all` says of how many. */
  conversations: Row[]; conversations_in_all: number; complaints: ComplaintInfo[];
}

export interface DraftBody { mode: "reply" | "reply_all" | "forward" | "note" | "new"; to: Person[]; cc: Person[]; subject: string; text: string; files: string[]; answers: string | null; seen: string | null }
export interface SavedReply { name: string; language: string; text: string }
export interface SearchHit { row: Row; message: string | null; excerpt: string; /** [start, end) pairs into excerpt */ marks: [number, number][] }
export interface ParkedLetter { raw: string; account: string; inbox_name: string; at: string; size: number; why: string; excerpt: string; position: number; state: "parked" | "read again" }
export interface ParkedCause { policy: string; position: number; stream: string; at: string; why: string }
export interface AccountHealth { account: string; name: string; address: string; kind: string; connected: boolean; since: string | null; why: string; last_contact: string | null; last_letter: string | null; quiet_hours: number | null; parked: number; state: string; quiet_alert: boolean }

/** Auditor: one recorded fact, both parts readable. */
export interface Fact { position: number; version: number; name: string; recorded_at: string; stream: string; actor: { kind: string; id: string; name: string };
  command: string; cause: number | null; open: Record<string, unknown>; sealed: Record<string, unknown> | "erased" | null; raw: string | null }
/** An event that a page tripped over: `state.not_taken_in` of a history names those that the rest of `state` lacks. */
export interface NotTakenIn { position: number; name: string; page: string; why: string }
export interface HistoryAnswer { customer: string; as_of: { position: number; at: string | null }; first: { position: number; at: string } | null; last: { position: number; at: string } | null;
  state: Record<string, unknown>; facts: Fact[]; next: number | null }

/** Answer to a command: the position at which it is on record; views that reached it show it. */
export interface Done { position: number; id?: string; number?: string; already?: boolean }
/** Every refusal and error: HTTP 4xx/5xx. `code` is stable, `message` is in the asked language, `detail` helps to mend it. */
export interface Problem { code: string; message: string; detail?: Record<string, unknown> }

/** Server → desk over the WebSocket /api/v1/live?after=POSITION */
export type LiveMessage =
  | { type: "hello"; position: number; me: string }
  | { type: "changed"; position: number; conversations: string[]; customers: string[]; counters: Counters; parked: boolean; erased: boolean }
  | { type: "presence"; conversation: string; people: { id: string; name: string; doing: "viewing" | "writing" }[] }
  | { type: "reload"; position: number }
  | { type: "bye"; why: string };
/** Desk → server */
export type LiveRequest = { type: "presence"; conversation: string | null; doing: "viewing" | "writing" | "away" } | { type: "ping" };
