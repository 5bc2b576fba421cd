/** Saved replies: read, written, removed. */
import { useState } from "preact/hooks";
import * as more from "../api/more";
import type { SavedReply } from "../api/types";
import { lang, t } from "../i18n";
import { savedReplies } from "../state/directory";
import { canWrite } from "../state/session";
import { say, sayWhy, why } from "../state/toasts";
import { Blank, Tool } from "../ui/bits";
import { Icon } from "../ui/icon";

const same = (one: SavedReply, other: SavedReply): boolean => one.name === other.name && one.language === other.language;

export function SavedPage() {
  const [editing, setEditing] = useState<SavedReply | "new" | null>(null);
  const sorted = [...savedReplies.value].sort((a, b) => a.name.localeCompare(b.name) || a.language.localeCompare(b.language));
  return (
    <div class="page-body">
      <header class="page-head with-button"><div><h1>{t("saved.title")}</h1><p class="muted">{t("saved.lead")}</p></div>
        {canWrite.value ? <button type="button" class="button primary" onClick={() => setEditing("new")}><Icon name="plus" />{t("saved.new")}</button> : null}
      </header>
      {editing === "new" ? <Editor reply={{ name: "", language: lang.value, text: "" }} done={() => setEditing(null)} /> : null}
      {sorted.length || editing ? null : <Blank icon="quote" title={t("saved.empty")} />}
      <ul class="saved-list">{sorted.map((reply) => (
        <li key={`${reply.name} ${reply.language}`}>
          {editing && editing !== "new" && same(editing, reply) ? <Editor reply={reply} done={() => setEditing(null)} /> : <One reply={reply} edit={() => setEditing(reply)} />}
        </li>
      ))}</ul>
    </div>
  );
}

function One({ reply, edit }: { reply: SavedReply; edit: () => void }) {
  const remove = async () => {
    try {
      await more.removeSavedReply(reply.name, reply.language);
      savedReplies.value = savedReplies.value.filter((one) => !same(one, reply));
      say(t("saved.removed"), { action: { label: t("app.undo"), run: () => void keep(reply).catch(sayWhy) } });
    } catch (no) {
      sayWhy(no);
    }
  };
  return (
    <div class="sheet">
      <div class="sheet-head"><strong>{reply.name}</strong><span class="badge">{reply.language}</span><span class="grow" />
        {canWrite.value ? <><Tool icon="pen" label={`${t("saved.text")}: ${reply.name}`} onClick={edit} /><Tool icon="close" label={`${t("app.remove")}: ${reply.name}`} onClick={() => void remove()} /></> : null}
      </div>
      <p class="saved-text">{reply.text}</p>
    </div>
  );
}

async function keep(reply: SavedReply): Promise<void> {
  await more.keepSavedReply(reply);
  savedReplies.value = [...savedReplies.value.filter((one) => !same(one, reply)), reply];
}

function Editor({ reply, done }: { reply: SavedReply; done: () => void }) {
  const [wrong, setWrong] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const next = { name: String(data.get("name") ?? reply.name).trim(), language: String(data.get("language") ?? reply.language), text: String(data.get("text")) };
    try {
      await keep(next);
      say(t("saved.kept"));
      done();
    } catch (no) {
      setWrong(why(no));
    }
  };
  return (
    <form class="sheet form" onSubmit={(event) => void submit(event)}>
      <div class="form-row">
        <label class="field grow"><span>{t("saved.name")}</span><input name="name" required maxLength={500} defaultValue={reply.name} disabled={!!reply.name} ref={(at) => at?.focus()} /></label>
        <label class="field"><span>{t("saved.language")}</span><select name="language" defaultValue={reply.language} disabled={!!reply.name}><option value="en">English</option><option value="zh">简体中文</option></select></label>
      </div>
      <label class="field"><span>{t("saved.text")}</span><textarea name="text" rows={5} required defaultValue={reply.text} /></label>
      <p class="wrong" role="alert">{wrong}</p>
      <div class="form-end"><button type="button" class="button" onClick={done}>{t("app.cancel")}</button><button class="button primary">{t("app.save")}</button></div>
    </form>
  );
}
