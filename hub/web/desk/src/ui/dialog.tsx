/** A modal layer: the browser keeps the focus inside, Esc closes this layer alone, the focus goes back where it was. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { close } from "../state/layers";
import { Tool } from "./bits";

interface DialogProps { label: string; kind?: string; children: ComponentChildren; bare?: boolean }

export function Dialog({ label, kind = "", children, bare }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  // Before the next key arrives: what is typed right after a shortcut belongs into the dialog.
  useLayoutEffect(() => {
    const at = box.current!;
    const before = document.activeElement as HTMLElement | null;
    at.showModal();
    at.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      at.close();
      if (before?.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog ref={box} class={`dialog ${kind}`} aria-label={label} onCancel={(event) => { event.preventDefault(); close(); }} onPointerDown={(event) => event.target === box.current && close()}>
      <div class="dialog-box">
        {bare ? null : <header class="dialog-head"><h2>{label}</h2><Tool icon="close" label={t("app.close")} keys="Esc" onClick={close} /></header>}
        {children}
      </div>
    </dialog>
  );
}
