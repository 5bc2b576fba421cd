/** A letter's own formatting in a frame without scripts; the hub has cleaned it, and the frame loads nothing by itself. */
import { useEffect, useRef, useState } from "preact/hooks";
import * as calls from "../api/calls";
import { plural, t } from "../i18n";
import { why } from "../state/toasts";
import { Bars } from "./bits";
import { Icon } from "./icon";

const HEAD = '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light"><base target="_blank"><link rel="stylesheet" href="/letter.css">';

interface Letter { html: string; remote_images: number }

export function HtmlView({ message }: { message: string }) {
  const [images, setImages] = useState(false);
  const [height, setHeight] = useState(0);
  const [letter, setLetter] = useState<Letter | null>(null);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    let current = true;
    calls.letterHtml(message).then((read) => current && setLetter(read), (no) => current && setWrong(why(no)));
    return () => { current = false; };
  }, [message]);
  if (wrong) return <p class="hint warn" role="alert"><Icon name="warn" />{wrong}</p>;
  if (!letter) return <Bars widths={[90, 80, 60]} />;
  return (
    <>
      {letter.remote_images ? (
        <p class="hint images"><Icon name="image" />
          {images ? t("msg.imagesOn") : <><button type="button" class="button small" onClick={() => setImages(true)}>{plural("msg.images", letter.remote_images)}</button><span>{t("msg.imagesWhy")}</span></>}
        </p>
      ) : null}
      {images ? <WithImages message={message} height={height} /> : <Frame html={letter.html} told={setHeight} />}
    </>
  );
}

/** A page of the hub with a policy of its own, for ours allows no remote image. It can't be measured: it scrolls and can be drawn larger. */
function WithImages({ message, height }: { message: string; height: number }) {
  return <iframe class="letter scrolls" title={t("msg.frame")} sandbox="allow-popups allow-popups-to-escape-sandbox" src={calls.letterFrame(message)} ref={(at) => { if (at) at.style.height = `${Math.max(160, height + 12)}px`; }} />;
}

/** Same origin only so that its height can be measured and its styles applied; `allow-scripts` is never given. */
function Frame({ html, told }: { html: string; told: (height: number) => void }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const fit = () => {
    const page = frame.current?.contentDocument;
    if (!page?.body) return;
    const height = Math.min(4000, page.documentElement.scrollHeight + 2);
    frame.current!.style.height = `${height}px`;
    told(height);
  };
  const onLoad = () => {
    const page = frame.current?.contentDocument;
    if (!page) return;
    styled(page);
    fit();
    for (const image of page.images) image.addEventListener("load", fit, { once: true });
  };
  return <iframe ref={frame} class="letter" title={t("msg.frame")} sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox" srcdoc={HEAD + html} onLoad={onLoad} />;
}

/** Our policy forbids style attributes as written; the cleaned ones are set through the object model instead. */
function styled(page: Document): void {
  for (const one of page.querySelectorAll<HTMLElement>("[style]")) one.style.cssText = one.getAttribute("style") ?? "";
}
