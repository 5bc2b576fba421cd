/** Files on their way into a letter. */
import { lang, t } from "../i18n";
import { size } from "../logic/times";
import * as composer from "../state/composer";
import { Icon } from "./icon";

export function AttachedFiles() {
  const { files } = composer.draft.value!;
  if (!files.length) return null;
  return (
    <ul class="attached">
      {files.map((file) => (
        <li key={file.key} class={file.id ? "file" : "file uploading"}>
          <Icon name="file" /><span class="file-name">{file.name}</span>
          {file.size ? <span class="muted">{size(file.size, lang.value)}</span> : null}
          {file.id ? null : <progress max={1} value={file.share} aria-label={t("compose.uploading", { name: file.name, n: Math.round(file.share * 100) })} />}
          <button type="button" class="chip-x" aria-label={t("compose.removePerson", { name: file.name })} onClick={() => composer.detach(file.key)}><Icon name="close" /></button>
        </li>
      ))}
    </ul>
  );
}
