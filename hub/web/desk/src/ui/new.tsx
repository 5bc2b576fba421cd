/** The right pane while a new conversation is begun. */
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import * as composer from "../state/composer";
import { inboxes } from "../state/directory";
import { canWrite } from "../state/session";
import { Open } from "./composer";
import { BackLink } from "./thread";

export function NewPane() {
  const ready = inboxes.value.length > 0;
  useEffect(() => { if (ready) composer.write("new"); }, [ready]);
  if (!canWrite.value) return null;
  return (
    <section class="thread-pane new-pane" id="main" tabIndex={-1} aria-label={t("compose.new")}>
      <header class="pane-head thread-head"><div class="thread-title"><BackLink /><h1>{t("compose.new")}</h1></div></header>
      {composer.isOpen.value && composer.draft.value ? <Open /> : null}
    </section>
  );
}
