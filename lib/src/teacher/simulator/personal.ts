import type { Random } from "../random.js";
import { PEOPLE } from "./vocabulary.js";

/** Invented personal data and what kind it is. No value belongs to anybody: see each generator. */
export interface PersonalValue {
  kind: "email" | "phone" | "card" | "key" | "iban" | "ip";
  value: string;
  /** A sentence a user might write it in. */
  sentence: string;
}

const SURNAMES = ["Okafor", "Lindqvist", "Moreau", "Silva", "Novak", "Haddad", "Kowalska", "Tanaka", "Rossi", "Demir", "Berg", "Khan"] as const;

/** One piece of personal data in a sentence. */
export function makePersonal(random: Random): PersonalValue {
  const kind = random.weighted({ email: 32, phone: 28, card: 13, key: 13, iban: 9, ip: 5 });
  const person = random.pick(PEOPLE);
  switch (kind) {
    case "email": {
      // example.com, .org and .net are reserved for documentation (RFC 2606).
      const name = `${person}.${random.pick(SURNAMES)}`.toLowerCase();
      const value = random.pick([`${name}@example.com`, `${name}${random.integer(2, 98)}@example.org`, `${person.toLowerCase()}@mail.example.net`]);
      return { kind, value, sentence: random.pick([`you can reach ${person} at ${value}`, `send the confirmation to ${value}`, `${person}'s address is ${value}`, `cc ${value}`]) };
    }
    case "phone": {
      // 555-0100 to 555-0199 (North America) and 07700 900000 to 900999 (UK, Ofcom) are set aside for fiction.
      const value = random.pick([
        `+1 ${random.pick(["212", "415", "312"])} 555 01${two(random)}`, `(${random.pick(["206", "617", "305"])}) 555-01${two(random)}`, `+44 7700 900${String(random.integer(100, 999))}`,
      ]);
      return { kind, value, sentence: random.pick([`${person}'s number is ${value}`, `call ${value} if the door is locked`, `my new phone is ${value}`, `text ${person} on ${value}`]) };
    }
    case "card": {
      // Test numbers of the payment industry: they pass the Luhn check and no bank issues them.
      const value = random.pick(["4242 4242 4242 4242", "5555 5555 5555 4444", "4111 1111 1111 1111", "4012 8888 8888 1881", "5105 1051 0510 5100", "4000 0566 5566 5556"]);
      return { kind, value, sentence: random.pick([`use the card ${value} for the deposit`, `the card number is ${value}`, `pay with ${value}`]) };
    }
    case "key": {
      const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
      const tail = Array.from({ length: 32 }, () => letters.charAt(random.integer(0, letters.length - 1))).join("");
      const value = `sk-${tail}`;
      return { kind, value, sentence: random.pick([`the API key is ${value}`, `log in with ${value}`, `token for the import: ${value}`]) };
    }
    case "iban": {
      // Examples from the IBAN registry; the check digits are valid.
      const value = random.pick(["DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19", "FR14 2004 1010 0505 0001 3M02 606", "NL91 ABNA 0417 1643 00"]);
      return { kind, value, sentence: random.pick([`transfer it to ${value}`, `the account is ${value}`]) };
    }
    case "ip": {
      // Documentation networks (RFC 5737).
      const value = `${random.pick(["192.0.2", "198.51.100", "203.0.113"])}.${random.integer(2, 254)}`;
      return { kind, value, sentence: random.pick([`the server is at ${value}`, `connect to ${value} first`]) };
    }
  }
}

function two(random: Random): string {
  return String(random.integer(0, 99)).padStart(2, "0");
}
