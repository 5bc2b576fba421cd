/** The text field: grows with its text, takes pasted pictures, opens the saved replies at "/". */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { lang, t } from "../i18n";
import { ranked } from "../logic/fuzzy";
import { filled, slashWord } from "../logic/text";
import * as composer from "../state/composer";
import { savedReplies } from "../state/directory";
import { me } from "../state/session";
import * as thread from "../state/thread";

export function Writing() {
  const draft = composer.draft.value!;
  const field = useRef<HTMLTextAreaElement>(null);
  const [slash, setSlash] = useState<{ word: string; at: number } | null>(null);
  const note = draft.mode === "note";

  useLayoutEffect(() => {
    const at = field.current;
    if (!at || !composer.focused.value) return;
    const address = draft.mode === "new" && !draft.to.length ? document.getElementById("people-to") : null;
    (address ?? at).focus({ preventScroll: true });
    const end = draft.mode === "forward" ? 0 : at.value.length;
    at.setSelectionRange(end, end);
  }, [composer.focused.value]);
  useLayoutEffect(() => {
    const at = field.current!;
    at.style.height = "auto";
    at.style.height = `${at.scrollHeight + 2}px`;
  }, [draft.text]);

  const onInput = (event: { currentTarget: HTMLTextAreaElement }) => {
    const { value, selectionStart } = event.currentTarget;
    composer.change({ text: value });
    const word = note ? null : slashWord(value, selectionStart);
    setSlash(word === null ? null : { word, at: selectionStart });
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || note) return;
    event.preventDefault();
    composer.attach(files);
  };
  const choose = (text: string) => {
    const from = slash!.at - slash!.word.length - 1;
    const value = draft.text.slice(0, from) + filled(text, variables()) + draft.text.slice(slash!.at);
    setSlash(null);
    composer.change({ text: value });
    composer.focused.value += 1;
  };
  return (
    <div class="writing">
      <textarea ref={field} rows={note ? 3 : 5} value={draft.text} onInput={onInput} onPaste={onPaste} dir="auto"
        aria-label={t(note ? "compose.noteBody" : "compose.body")} placeholder={t(note ? "compose.notePlaceholder" : "compose.placeholder")} />
      {slash ? <SavedReplies typed={slash.word} choose={choose} close={() => setSlash(null)} field={field.current!} /> : null}
    </div>
  );
}

function variables(): Record<string, string> {
  const row = thread.row.value;
  return { "customer.name": row?.customer_name ?? "", "agent.name": me.value?.name ?? "", "complaint.number": row?.complaint?.number ?? "" };
}

interface Picking { typed: string; choose: (text: string) => void; close: () => void; field: HTMLTextAreaElement }

/** Chosen with the arrows while the focus stays in the text. Replies in the letter's language come first. */
function SavedReplies({ typed, choose, close, field }: Picking) {
  const [at, setAt] = useState(0);
  const letter = thread.entries.value.findLast((entry) => entry.kind === "message");
  const language = letter?.language.startsWith("zh") ? "zh" : letter ? "en" : lang.value;
  const sorted = [...savedReplies.value].sort((a, b) => Number(b.language === language) - Number(a.language === language));
  const hits = ranked(typed, sorted, (reply) => reply.name).slice(0, 6);
  useEffect(() => setAt(0), [typed]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const chosen = hits[at]?.item;
      if (event.key === "ArrowDown") setAt((at + 1) % Math.max(1, hits.length));
      else if (event.key === "ArrowUp") setAt((at + hits.length - 1) % Math.max(1, hits.length));
      else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey || event.key === "Tab") && chosen) choose(chosen.text);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    };
    field.addEventListener("keydown", onKey);
    return () => field.removeEventListener("keydown", onKey);
  });
  return (
    <div class="saved-replies" role="listbox" aria-label={t("compose.savedReplies")}>
      {hits.length ? null : <p class="muted">{t("compose.noSaved")}</p>}
      {hits.map(({ item }, index) => (
        <div key={`${item.name}${item.language}`} role="option" aria-selected={index === at} class={index === at ? "option active" : "option"} onPointerDown={(event) => { event.preventDefault(); choose(item.text); }}>
          <strong>{item.name}</strong><span class="badge">{item.language}</span><span class="muted option-text">{item.text}</span>
        </div>
      ))}
    </div>
  );
}
