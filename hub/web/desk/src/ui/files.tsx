/** The files of a letter: pictures as thumbnails that open large, everything else as a download. */
import type { FileInfo } from "../api/types";
import { lang, t } from "../i18n";
import { size } from "../logic/times";
import * as layers from "../state/layers";
import { Icon } from "./icon";

export const isPicture = (file: FileInfo): boolean => /^image\/(png|jpe?g|gif|webp)$/.test(file.content_type);
export const inline = (file: FileInfo): string => `${file.url}${file.url.includes("?") ? "&" : "?"}inline=1`;

export function Files({ files }: { files: readonly FileInfo[] }) {
  if (!files.length) return null;
  const pictures = files.filter(isPicture);
  return (
    <ul class="files">
      {files.map((file) => <li key={file.index}>{isPicture(file) ? <Picture file={file} among={pictures} /> : <Download file={file} />}</li>)}
    </ul>
  );
}

function Picture({ file, among }: { file: FileInfo; among: readonly FileInfo[] }) {
  return (
    <button type="button" class="thumb" aria-label={t("msg.picture", { name: file.filename })} onClick={() => layers.open({ kind: "picture", files: among, at: among.indexOf(file) })}>
      <img src={inline(file)} alt="" loading="lazy" width="120" height="84" />
      <span>{file.filename}</span>
    </button>
  );
}

function Download({ file }: { file: FileInfo }) {
  return (
    <a class="file" href={file.url} download={file.filename} aria-label={t("msg.download", { name: file.filename })}>
      <Icon name="file" /><span class="file-name">{file.filename}</span><span class="muted">{kind(file)} · {size(file.size, lang.value)}</span>
    </a>
  );
}

const kind = (file: FileInfo): string => (/\.([a-z0-9]{1,5})$/i.exec(file.filename)?.[1] ?? file.content_type.split("/")[1] ?? "").toUpperCase();
