/** Whatever lies over the page. */
import { layer, type Layer } from "../state/layers";
import { CheatSheet } from "./cheatsheet";
import { ConfirmIdentity, LinkCustomers } from "./identity";
import { LightBox } from "./lightbox";
import { Palette } from "./palette";
import { Password } from "./password";
import { AssignPicker, SnoozePicker, TagPicker } from "./pickers";

export function Layers() {
  const now = layer.value;
  return now ? <One now={now} key={now.kind} /> : null;
}

function One({ now }: { now: Layer }) {
  switch (now.kind) {
    case "palette": return <Palette />;
    case "cheatsheet": return <CheatSheet />;
    case "password": return <Password />;
    case "assign": return <AssignPicker conversation={now.conversation} />;
    case "snooze": return <SnoozePicker conversation={now.conversation} />;
    case "tag": return <TagPicker conversation={now.conversation} />;
    case "picture": return <LightBox files={now.files} first={now.at} />;
    case "confirm": return <ConfirmIdentity customer={now.customer} channel={now.channel} address={now.address} />;
    case "link": return <LinkCustomers customer={now.customer} other={now.other} />;
  }
}
