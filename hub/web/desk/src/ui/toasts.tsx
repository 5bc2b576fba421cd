/** Short messages at the edge of the page. */
import { t } from "../i18n";
import { second } from "../state/clock";
import { dismiss, toasts, type Toast } from "../state/toasts";
import { Icon } from "./icon";

export function Toasts() {
  return <div class="toasts" role="status" aria-live="polite">{toasts.value.map((toast) => <One key={toast.id} toast={toast} />)}</div>;
}

function One({ toast }: { toast: Toast }) {
  const left = toast.until ? Math.max(0, Math.ceil((toast.until - Math.max(second.value, Date.now() - 1000)) / 1000)) : 0;
  const run = () => {
    dismiss(toast.id);
    toast.action?.run();
  };
  return (
    <div class={`toast ${toast.kind}`}>
      <Icon name={toast.kind === "failed" ? "warn" : "check"} />
      <span class="toast-text">{toast.text}</span>
      {toast.action ? <button type="button" class="toast-action" onClick={run}>{toast.action.label} <span aria-hidden="true" class="left">{left}</span></button> : null}
      <button type="button" class="chip-x" aria-label={t("app.close")} onClick={() => dismiss(toast.id)}><Icon name="close" /></button>
    </div>
  );
}
