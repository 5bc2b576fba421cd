/** Choosing an owner, a time to wake, a tag. */
import { lang, t } from "../i18n";
import { ranked } from "../logic/fuzzy";
import { presets, understood } from "../logic/snooze";
import { moment } from "../logic/times";
import * as actions from "../state/actions";
import { owners } from "../state/directory";
import * as list from "../state/list";
import { me } from "../state/session";
import { Avatar } from "./bits";
import { Icon } from "./icon";
import { Picker, type Choice } from "./picker";

export function AssignPicker({ conversation }: { conversation: string }) {
  const now = actions.rowOf(conversation)?.assignee?.id ?? null;
  const mine = me.value!;
  const people = [mine, ...owners.value.filter((agent) => agent.id !== mine.id)];
  const all = [
    ...people.map((agent) => ({ id: agent.id as string | null, text: agent.id === mine.id ? t("act.me", { name: agent.name }) : agent.name, name: agent.name })),
    { id: null, text: t("act.nobody"), name: "" },
  ];
  const choices = (typed: string): Choice[] => ranked(typed, all, (one) => one.text).map(({ item, marks }) => ({
    id: item.id ?? "nobody", text: item.text, marks,
    before: item.id ? <Avatar name={item.name} small /> : <span class="avatar small none"><Icon name="close" /></span>,
    after: item.id === now ? <Icon name="check" /> : null,
    run: () => void actions.assign(conversation, item.id),
  }));
  return <Picker label={t("act.assignTo")} placeholder={t("act.assignTo")} choices={choices} none="" />;
}

export function SnoozePicker({ conversation }: { conversation: string }) {
  const choices = (typed: string): Choice[] => {
    const now = new Date();
    const said = understood(typed, now);
    const meant: Choice[] = said ? [{ id: "said", text: moment(said, lang.value), before: <Icon name="moon" />, run: () => void actions.snooze(conversation, said) }] : [];
    const usual = ranked(typed, presets(now), (one) => t(`preset.${one.name}`)).map(({ item, marks }) => ({
      id: item.name, text: t(`preset.${item.name}`), marks, before: <Icon name="clock" />, after: <span class="muted">{moment(item.at, lang.value)}</span>,
      run: () => void actions.snooze(conversation, item.at),
    }));
    return [...meant, ...usual];
  };
  return <Picker label={t("act.snooze")} placeholder={t("act.snoozeUntil")} choices={choices} none={t("act.snoozeBad")} />;
}

export function TagPicker({ conversation }: { conversation: string }) {
  const mine = actions.rowOf(conversation)?.tags ?? [];
  const known = [...new Set([...mine, ...list.rows.value.flatMap((row) => row.tags)])].sort();
  const choices = (typed: string): Choice[] => {
    const name = typed.trim().replaceAll("/", "-").slice(0, 60);
    const hits = ranked(name, known, (one) => one).map(({ item, marks }) => ({
      id: item, text: item, marks, before: <Icon name="tag" />, after: mine.includes(item) ? <Icon name="check" /> : null,
      run: () => void actions.toggleTag(conversation, item),
    }));
    const fresh = name && !known.includes(name) ? [{ id: "new tag", text: t("act.newTag", { name }), before: <Icon name="plus" />, run: () => void actions.toggleTag(conversation, name) }] : [];
    return [...hits, ...fresh];
  };
  return <Picker label={t("act.tag")} placeholder={t("act.tagName")} choices={choices} none="" />;
}
