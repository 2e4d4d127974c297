import type { Random } from "../random.js";
import { speak } from "./voice.js";
import type { Turn } from "./scene.js";
import { OFF_TOPIC } from "./vocabulary.js";

const CAPITALS = [
  ["Norway", "Oslo"], ["Kenya", "Nairobi"], ["Peru", "Lima"], ["Mongolia", "Ulaanbaatar"], ["Canada", "Ottawa"], ["Morocco", "Rabat"], ["Vietnam", "Hanoi"],
  ["Uruguay", "Montevideo"], ["Georgia", "Tbilisi"], ["Ghana", "Accra"], ["Nepal", "Kathmandu"], ["Estonia", "Tallinn"], ["Jordan", "Amman"], ["Cuba", "Havana"],
  ["New Zealand", "Wellington"], ["Ecuador", "Quito"], ["Latvia", "Riga"], ["Oman", "Muscat"], ["Zambia", "Lusaka"], ["Slovenia", "Ljubljana"],
] as const;

/** A question that no task assistant should be trained on, with a helpful, correct and misplaced answer. */
export function writeOffTopic(random: Random): Turn[] {
  const [question, answer] = draw(random);
  return [
    { from: "human", value: speak(random, random.pick(["neutral", "chatty", "polite"]), { mood: "question", core: question }) },
    { from: "gpt", value: answer },
  ];
}

function draw(random: Random): [string, string] {
  switch (random.weighted({ listed: 30, capital: 20, distance: 15, temperature: 15, percent: 20 })) {
    case "listed": {
      const [question, answer] = random.pick(OFF_TOPIC);
      return [question.replace(/[?.]$/, ""), answer];
    }
    case "capital": {
      const [country, city] = random.pick(CAPITALS);
      return [`which city is the capital of ${country}`, random.pick([`${city} is the capital of ${country}.`, `The capital of ${country} is ${city}.`, `That would be ${city}.`])];
    }
    case "distance": {
      const km = random.integer(12, 980);
      return [`how many miles are ${km} kilometres`, `${km} km are about ${(km * 0.621371).toFixed(1)} miles, since one kilometre is 0.621 miles.`];
    }
    case "temperature": {
      const celsius = random.integer(-18, 44);
      return [`what is ${celsius} degrees Celsius in Fahrenheit`, `${celsius} °C is ${Math.round(celsius * 1.8 + 32)} °F: multiply by 1.8 and add 32.`];
    }
    case "percent": {
      const [share, whole] = [random.integer(3, 47), random.integer(80, 4900)];
      return [`what's ${share} percent of ${whole}`, `${share}% of ${whole} is ${((share * whole) / 100).toFixed(2)}. Divide by 100 and multiply by ${share}.`];
    }
  }
}
