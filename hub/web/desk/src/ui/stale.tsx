/** The one question before sending when something arrived meanwhile. */
import { lang, t } from "../i18n";
import { called } from "../logic/recipients";
import { short } from "../logic/times";
import * as composer from "../state/composer";
import * as sending from "../state/sending";
import { Icon } from "./icon";

export function Stale() {
  const { value: stale } = sending.stale;
  if (!stale || stale.conversation !== composer.place.value) return null;
  return (
    <div class="stale" role="alertdialog" aria-labelledby="stale-title">
      <p id="stale-title"><Icon name="warn" /><strong>{t("compose.stale")}</strong> {t("compose.staleHint")}</p>
      <ul>
        {stale.entries.map((entry) => (entry.kind === "system" ? null : (
          <li key={entry.id}>
            <strong>{entry.kind === "message" ? called(entry.from) : entry.actor.name}</strong> <span class="muted">{short(entry.at, Date.now(), lang.value)}</span>
            <p>{entry.kind === "message" ? entry.new_text || entry.text : entry.text}</p>
          </li>
        )))}
      </ul>
      <div class="stale-buttons">
        <button type="button" class="button" onClick={sending.keepWriting} autofocus>{t("compose.keep")}</button>
        <button type="button" class="button danger" onClick={sending.sendStale}>{t("sent.anyway")}</button>
      </div>
    </div>
  );
}
