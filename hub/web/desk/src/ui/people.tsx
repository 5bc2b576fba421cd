/** To and Cc as chips, always visible, with what differs from the hub's proposal said in words. */
import { useState } from "preact/hooks";
import type { Person } from "../api/types";
import { named, t } from "../i18n";
import { called, difference, key } from "../logic/recipients";
import * as composer from "../state/composer";
import * as thread from "../state/thread";
import { Icon } from "./icon";

export function PeopleLines() {
  const draft = composer.draft.value!;
  const [cc, setCc] = useState(false);
  const subject = draft.mode === "forward" || draft.mode === "new";
  return (
    <div class="people">
      <Line field="to" people={draft.to} />
      {draft.cc.length || cc ? <Line field="cc" people={draft.cc} /> : <button type="button" class="add-cc" onClick={() => setCc(true)}>{t("compose.addCc")}</button>}
      {subject ? (
        <label class="people-line"><span class="people-label">{t("compose.subject")}</span>
          <input class="bare" value={draft.subject} maxLength={500} onInput={(event) => composer.change({ subject: event.currentTarget.value })} placeholder={draft.mode === "forward" ? `Fwd: ${thread.row.value?.subject ?? ""}` : ""} />
        </label>
      ) : null}
      <Differences />
    </div>
  );
}

function Line({ field, people }: { field: "to" | "cc"; people: readonly Person[] }) {
  const value = composer.typed.value[field];
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Backspace" && !value && people.length) composer.drop(field, people[people.length - 1]!);
    if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "," || event.key === ";") {
      event.preventDefault();
      composer.takeTyped(field);
    }
  };
  return (
    <div class="people-line">
      <label class="people-label" for={`people-${field}`}>{t(`compose.${field}`)}</label>
      {people.map((person) => (
        <span class="person" key={key(person)} title={person.address}>{called(person)}{person.name ? <small>{person.address}</small> : null}
          <button type="button" class="chip-x" aria-label={t("compose.removePerson", { name: called(person) })} onClick={() => composer.drop(field, person)}><Icon name="close" /></button>
        </span>
      ))}
      <input id={`people-${field}`} class="bare" value={value} autocomplete="off" inputMode="email" aria-label={`${t(`compose.${field}`)}: ${t("compose.addPerson")}`}
        onInput={(event) => (composer.typed.value = { ...composer.typed.value, [field]: event.currentTarget.value })} onKeyDown={onKeyDown} onBlur={() => composer.takeTyped(field)} />
    </div>
  );
}

function Differences() {
  const draft = composer.draft.value!;
  const answer = thread.answer.value;
  if (!answer || (draft.mode !== "reply" && draft.mode !== "reply_all")) return null;
  const proposed = answer.recipients[draft.mode];
  const { added, dropped } = difference([...proposed.to, ...proposed.cc], [...draft.to, ...draft.cc]);
  if (!added.length && !dropped.length && !proposed.warnings.length) return null;
  return (
    <ul class="differences" aria-live="polite">
      {added.length ? <li class="adds"><Icon name="plus" />{t("compose.adds", { names: named(added.map(called)) })}</li> : null}
      {dropped.length ? <li class="drops"><Icon name="close" />{t("compose.drops", { names: named(dropped.map(called)) })}</li> : null}
      {proposed.warnings.map((warning) => <li key={warning} class="warns"><Icon name="warn" />{warning}</li>)}
    </ul>
  );
}
