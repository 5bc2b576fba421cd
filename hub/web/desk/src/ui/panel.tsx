/** The context pane: the customer and the complaint of the open conversation. */
import { t } from "../i18n";
import { contextWidth, tab, type Tab } from "../state/prefs";
import { drawer, roomy } from "../state/room";
import * as thread from "../state/thread";
import { Tool } from "./bits";
import { ComplaintPanel } from "./complaint";
import { CustomerPanel } from "./customer";
import { Icon, type IconName } from "./icon";

const TABS: readonly [Tab, IconName][] = [["customer", "user"], ["complaint", "flag"]];

export function ContextPanel() {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    tab.value = tab.value === "customer" ? "complaint" : "customer";
    document.getElementById(`tab-${tab.value}`)?.focus();
  };
  return (
    <aside class="panel" aria-label={t("panel.label")} onKeyDown={(event) => { if (event.key === "Escape" && !roomy.value) drawer.value = false; }}>
      {roomy.value ? <Handle /> : null}
      <div class="panel-head pane-head"><div class="tabs" role="tablist" onKeyDown={onKeyDown}>
        {TABS.map(([name, icon]) => (
          <button key={name} id={`tab-${name}`} type="button" role="tab" aria-selected={tab.value === name} aria-controls="panel-body" tabIndex={tab.value === name ? 0 : -1} onClick={() => (tab.value = name)}>
            <Icon name={icon} />{t(`panel.${name}`)}{name === "complaint" && thread.complaint.value ? <i class="dot flagged" /> : null}
          </button>
        ))}
      </div><span class="grow" />{roomy.value ? null : <Tool icon="close" label={t("panel.hide")} keys="\\" onClick={() => (drawer.value = false)} />}</div>
      <div class="panel-body" id="panel-body" role="tabpanel" aria-labelledby={`tab-${tab.value}`} tabIndex={0}>
        {tab.value === "customer" ? <CustomerPanel /> : <ComplaintPanel />}
      </div>
    </aside>
  );
}

const clamp = (width: number): number => Math.round(Math.min(520, Math.max(256, width)));

/** Makes the pane wider or narrower, by pointer or arrows. */
function Handle() {
  const onPointerDown = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const at = event.currentTarget;
    const [x, width] = [event.clientX, contextWidth.value];
    at.setPointerCapture(event.pointerId);
    at.onpointermove = (moved) => (contextWidth.value = clamp(width + x - moved.clientX));
    at.onpointerup = () => (at.onpointermove = at.onpointerup = null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: 16, ArrowRight: -16 }[event.key];
    if (by) contextWidth.value = clamp(contextWidth.value + by);
    if (by) event.stopPropagation();
  };
  return <div class="handle" role="separator" aria-orientation="vertical" aria-label={t("panel.width")} aria-valuemin={256} aria-valuemax={520} aria-valuenow={contextWidth.value} tabIndex={0} onPointerDown={onPointerDown} onKeyDown={onKeyDown} />;
}
