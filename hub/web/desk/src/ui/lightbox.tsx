/** A picture of a letter, large. */
import { useState } from "preact/hooks";
import type { FileInfo } from "../api/types";
import { lang, t } from "../i18n";
import { size } from "../logic/times";
import { Dialog } from "./dialog";
import { inline } from "./files";
import { Tool } from "./bits";
import { Icon } from "./icon";

export function LightBox({ files, first }: { files: readonly FileInfo[]; first: number }) {
  const [at, setAt] = useState(first);
  const file = files[at];
  if (!file) return null;
  const step = (by: number) => setAt((at + by + files.length) % files.length);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowRight") step(1);
    if (event.key === "ArrowLeft") step(-1);
  };
  return (
    <Dialog label={file.filename} kind="lightbox">
      <div class="lightbox-body" onKeyDown={onKeyDown}>
        {files.length > 1 ? <Tool icon="left" label={t("key.previous")} onClick={() => step(-1)} /> : null}
        <img src={inline(file)} alt={file.filename} />
        {files.length > 1 ? <Tool icon="right" label={t("key.next")} onClick={() => step(1)} /> : null}
      </div>
      <footer class="lightbox-foot muted"><span>{size(file.size, lang.value)}</span><a class="button quiet" data-first href={file.url} download={file.filename}><Icon name="download" />{t("parked.raw")}</a></footer>
    </Dialog>
  );
}
