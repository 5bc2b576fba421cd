/** Every shortcut on one sheet. */
import { t, type Key } from "../i18n";
import { can } from "../keys/run";
import { TABLE, type Group } from "../keys/table";
import { shortcuts } from "../state/prefs";
import { canWrite } from "../state/session";
import { Kbd } from "./bits";
import { Dialog } from "./dialog";

const GROUPS: readonly Group[] = ["list", "write", "act", "go", "desk"];
const WRITING: readonly [string, Key][] = [["mod+Enter", "key.send"], ["mod+Shift+Enter", "key.sendResolve"], ["/", "key.slash"], ["Escape", "key.escape"]];

export function CheatSheet() {
  return (
    <Dialog label={t("cheat.title")} kind="cheat">
      <p class="muted cheat-hint">{t(shortcuts.value ? "cheat.hint" : "cheat.off")}
        <label class="check"><input type="checkbox" data-first checked={shortcuts.value} onChange={(event) => (shortcuts.value = event.currentTarget.checked)} />{t("cheat.on")}</label>
      </p>
      <div class="cheat-groups" tabIndex={0} role="region" aria-label={t("cheat.title")}>
        {GROUPS.map((group) => <Table key={group} title={t(`cheat.group.${group}`)} rows={rowsOf(group)} />)}
        {canWrite.value ? <Table title={t("cheat.composer")} rows={WRITING.map(([keys, label]) => ({ keys: [keys], label }))} /> : null}
      </div>
    </Dialog>
  );
}

interface Line { keys: readonly string[]; label: Key }

function rowsOf(group: Group): Line[] {
  return TABLE.filter((one) => one.group === group && one.keys.length && (canWrite.value || !one.writes) && (one.where !== "anywhere" || can(one)));
}

function Table({ title, rows }: { title: string; rows: readonly Line[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>{rows.map((row) => <div key={row.label}><dt>{t(row.label)}</dt><dd>{row.keys.map((keys, at) => [at ? <span class="then">{t("app.or")}</span> : null, <Kbd key={keys} keys={keys} />])}</dd></div>)}</dl>
    </section>
  );
}
