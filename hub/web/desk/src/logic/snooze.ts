/** Moments in people's words, English and Chinese: "tomorrow 9:00", "in 2 hours", "fri", 明天9点, 两小时后. */

const MINUTE = 60_000;
const UNITS: Record<string, number> = { m: 1, min: 1, minute: 1, h: 60, hr: 60, hour: 60, d: 1440, day: 1440, w: 10080, week: 10080, 分钟: 1, 小时: 60, 个小时: 60, 天: 1440, 周: 10080, 个星期: 10080, 星期: 10080 };
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const ZH_DAYS = "日一二三四五六";
const ZH_NUMBERS: Record<string, number> = { 一: 1, 两: 2, 二: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9, 十: 10, 十一: 11, 十二: 12, 半: 0.5 };
const PARTS: [RegExp, number][] = [[/morning|早上|早晨|上午/, 9], [/noon|中午/, 12], [/afternoon|下午/, 14], [/evening|tonight|晚上|今晚/, 18]];

export type PresetName = "later" | "evening" | "tomorrow" | "afterTomorrow" | "weekend" | "nextWeek";

/** The usual choices from `now`, each in the future, soonest first. */
export function presets(now: Date): { name: PresetName; at: Date }[] {
  const all: { name: PresetName; at: Date }[] = [
    { name: "later", at: roundUp(new Date(now.getTime() + 180 * MINUTE)) },
    { name: "evening", at: at(now, 0, 18) },
    { name: "tomorrow", at: at(now, 1, 9) },
    { name: "afterTomorrow", at: at(now, 2, 9) },
    { name: "weekend", at: at(now, daysUntil(now, 6), 9) },
    { name: "nextWeek", at: at(now, daysUntil(now, 1), 9) },
  ];
  return all.filter((one) => one.at > now).sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** The moment meant, or null when it isn't understood or has passed. Days without a time are at nine. */
export function understood(text: string, now: Date): Date | null {
  const said = text.trim().toLowerCase().replace(/：/g, ":");
  const found = said && (span(said, now) ?? dayAndTime(said, now));
  return found && found > now ? found : null;
}

function span(said: string, now: Date): Date | null {
  const english = /^(?:in\s+)?(\d+(?:\.\d+)?|an?|half an)\s*(m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)$/.exec(said);
  const chinese = /^(\d+(?:\.\d+)?|[一二两三四五六七八九十半]{1,2})\s*(分钟|个?小时|天|周|个?星期)(?:之?后|以后)?$/.exec(said);
  const hit = english ?? chinese;
  if (!hit) return null;
  const unit = UNITS[hit[2]!] ?? UNITS[hit[2]!.replace(/s$/, "")];
  return unit ? new Date(now.getTime() + amount(hit[1]!) * unit * MINUTE) : null;
}

function amount(word: string): number {
  return word.startsWith("half") ? 0.5 : word === "a" || word === "an" ? 1 : (ZH_NUMBERS[word] ?? Number(word));
}

function dayAndTime(said: string, now: Date): Date | null {
  const time = timeOf(said);
  const day = dayOf(time ? said.replace(time.text, " ") : said, now);
  const hour = time ?? partOf(said);
  if (day === null && !hour) return null;
  const found = at(now, day ?? 0, hour?.hour ?? 9, hour?.minute ?? 0);
  return day === null && found <= now ? at(now, 1, hour!.hour, hour!.minute) : found;
}

interface Time { hour: number; minute: number; text: string }

function timeOf(said: string): Time | null {
  const hit = /(?<![\d-])(\d{1,2})(?::(\d{2})|点(半|\d{1,2}分?)?|时)\s*(am|pm)?|(?<![\d-])(\d{1,2})\s*(am|pm)/.exec(said) ?? /([一二两三四五六七八九十]{1,2})点(半)?/.exec(said);
  if (!hit) return null;
  const hour = Number(hit[1] ?? hit[5]) || ZH_NUMBERS[hit[1] ?? ""] || 0;
  const half = hit[3] === "半" || hit[2] === "半";
  const minute = half ? 30 : Number.parseInt(hit[2] ?? hit[3] ?? "0", 10) || 0;
  const late = hit[4] === "pm" || hit[6] === "pm" || /下午|晚上|今晚|evening|afternoon|tonight/.test(said);
  const full = late && hour < 12 ? hour + 12 : (hit[4] ?? hit[6]) === "am" && hour === 12 ? 0 : hour;
  return full < 24 && minute < 60 ? { hour: full, minute, text: hit[0] } : null;
}

function partOf(said: string): Time | null {
  const part = PARTS.find(([word]) => word.test(said));
  return part ? { hour: part[1], minute: 0, text: "" } : null;
}

/** Days from today, or null when no day is named. */
function dayOf(said: string, now: Date): number | null {
  if (/大后天/.test(said)) return 3;
  if (/day after tomorrow|后天/.test(said)) return 2;
  if (/\btom(orrow)?\b|\btmr\b|明天|明早|明晚/.test(said)) return 1;
  if (/\btoday\b|\btonight\b|今天|今晚/.test(said)) return 0;
  if (/^\s*next week\b|^\s*下周\s*$/.test(said)) return daysUntil(now, 1);
  return weekday(said, now) ?? date(said, now);
}

function weekday(said: string, now: Date): number | null {
  const chinese = /(下)?(?:周|星期|礼拜)([日天一二三四五六])/.exec(said);
  if (chinese) {
    const day = ZH_DAYS.indexOf(chinese[2] === "天" ? "日" : chinese[2]!);
    const thisMonday = daysUntil(now, 1) - 7;
    return chinese[1] ? thisMonday + 7 + ((day + 6) % 7) : daysUntil(now, day);
  }
  const english = /\b(sun|mon|tue|wed|thu|fri|sat)[a-z]*\b/.exec(said);
  return english ? daysUntil(now, DAYS.indexOf(english[1]!)) : null;
}

function date(said: string, now: Date): number | null {
  const hit = /(?:(\d{4})[-/年])?(\d{1,2})[-/月](\d{1,2})日?/.exec(said);
  if (!hit) return null;
  const year = hit[1] ? Number(hit[1]) : now.getFullYear();
  const day = new Date(year, Number(hit[2]) - 1, Number(hit[3]));
  if (day.getMonth() !== Number(hit[2]) - 1) return null;
  if (!hit[1] && day < at(now, 0, 0)) day.setFullYear(year + 1);
  return Math.round((day.getTime() - at(now, 0, 0).getTime()) / (1440 * MINUTE));
}

function at(now: Date, days: number, hour: number, minute = 0): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour, minute);
}

/** 1 to 7: the same weekday is next week. */
function daysUntil(now: Date, day: number): number {
  return (day - now.getDay() + 6) % 7 + 1;
}

function roundUp(moment: Date): Date {
  return new Date(Math.ceil(moment.getTime() / (30 * MINUTE)) * 30 * MINUTE);
}
