/** Type, see, Enter: the one way to choose among many (palette, owner, snooze, tag). */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { close } from "../state/layers";
import { Dialog } from "./dialog";
import { Icon } from "./icon";

export interface Choice { id: string; text: string; marks?: readonly number[]; before?: ComponentChildren; after?: ComponentChildren; group?: string; run: () => void; keep?: boolean }

interface PickerProps { label: string; placeholder: string; choices: (typed: string) => readonly Choice[]; none: string; onType?: (typed: string) => void }

export function Picker({ label, placeholder, choices, none, onType }: PickerProps) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const shown = choices(typed);
  const here = Math.min(at, Math.max(0, shown.length - 1));
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => { list.current?.querySelector(".active")?.scrollIntoView({ block: "nearest" }); }, [here]);

  const run = (choice: Choice | undefined) => {
    if (!choice) return;
    if (!choice.keep) close();
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (step) setAt((here + step + shown.length) % Math.max(1, shown.length));
    else if (event.key === "Enter") run(shown[here]);
    else return;
    event.preventDefault();
  };
  const onInput = (value: string) => {
    setTyped(value);
    setAt(0);
    onType?.(value);
  };
  return (
    <Dialog label={label} kind="picker" bare>
      <div class="picker-field">
        <Icon name="search" />
        <input data-first type="text" value={typed} placeholder={placeholder} role="combobox" aria-expanded="true" aria-controls="picker-list" aria-autocomplete="list" autocomplete="off"
          aria-label={label} aria-activedescendant={shown[here] ? `pick-${here}` : undefined} onInput={(event) => onInput(event.currentTarget.value)} onKeyDown={onKeyDown} />
        <kbd>Esc</kbd>
      </div>
      <div class="picker-list" id="picker-list" role="listbox" aria-label={label} ref={list}>
        {shown.map((choice, index) => [
          choice.group && choice.group !== shown[index - 1]?.group ? <div class="picker-group" role="presentation" key={`g${choice.group}`}>{choice.group}</div> : null,
          <div key={choice.id} id={`pick-${index}`} role="option" aria-selected={index === here} class={index === here ? "option active" : "option"} onPointerMove={() => index !== here && setAt(index)} onClick={() => run(choice)}>
            {choice.before}<span class="option-text"><Marked text={choice.text} marks={choice.marks ?? []} /></span><span class="grow" />{choice.after}
          </div>,
        ])}
      </div>
      {shown.length ? null : <p class="picker-none muted" role="status">{none || t("palette.none")}</p>}
    </Dialog>
  );
}

function Marked({ text, marks }: { text: string; marks: readonly number[] }) {
  if (!marks.length) return <>{text}</>;
  const set = new Set(marks);
  const runs: { text: string; hit: boolean }[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const last = runs[runs.length - 1];
    if (last && last.hit === set.has(at)) last.text += text[at]!;
    else runs.push({ text: text[at]!, hit: set.has(at) });
  }
  return <>{runs.map((one, at) => (one.hit ? <b key={at}>{one.text}</b> : one.text))}</>;
}
