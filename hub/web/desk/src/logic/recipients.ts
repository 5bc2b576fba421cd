/** Whom a letter goes to, compared with whom it would go to by itself. */
import type { Person } from "../api/types";

export interface Difference { added: Person[]; dropped: Person[] }

/** What the composer's chips add to and drop from the recipients that the hub proposed. */
export function difference(proposed: readonly Person[], chosen: readonly Person[]): Difference {
  return { added: without(chosen, proposed), dropped: without(proposed, chosen) };
}

function without(people: readonly Person[], others: readonly Person[]): Person[] {
  const known = new Set(others.map(key));
  return people.filter((person) => !known.has(key(person)));
}

export const key = (person: Person): string => person.address.trim().toLowerCase();

/** The people of "Mia <mia@x.org>, bob@y.org; …", and what could not be read. */
export function parsePeople(text: string): { people: Person[]; rest: string } {
  const people: Person[] = [];
  const rest: string[] = [];
  for (const part of text.split(/[,;，；\n]+/).map((piece) => piece.trim()).filter(Boolean)) {
    const person = parsePerson(part);
    if (person) people.push(person);
    else rest.push(part);
  }
  return { people, rest: rest.join(", ") };
}

function parsePerson(part: string): Person | null {
  const named = /^"?([^"<]*?)"?\s*<([^<>\s]+)>$/.exec(part);
  const address = named ? named[2]! : part;
  return /^[^\s@<>]+@[^\s@<>]+\.?[^\s@<>]*$/.test(address) ? { address, name: named ? named[1]!.trim() : "" } : null;
}

/** Each address once, the first name found kept. */
export function distinct(people: readonly Person[]): Person[] {
  return [...new Map([...people].reverse().map((person) => [key(person), person])).values()].reverse();
}

/** "Mia Chen" or, without a name, the address. */
export const called = (person: Person): string => person.name || person.address;

/** Whether the text speaks of an attachment that isn't there. */
export function forgotAttachment(text: string, files: number): boolean {
  const own = text.split("\n").filter((line) => !line.startsWith(">")).join("\n");
  return files === 0 && /\b(attached|attachment|enclosed)\b|附件|附上/i.test(own);
}
