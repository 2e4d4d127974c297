/**
 * The world that the simulator's tasks come from: settings with what people do there. A title is composed of
 * verb, object, context and person, so the settings below give several hundred thousand different tasks.
 *
 * An object carries its article as it is spoken ("the Q3 budget"); a written title drops it. `{person}` is a name.
 */

/** Verbs that go with objects; every verb fits every object of its group. */
export interface ActionGroup {
  verbs: readonly string[];
  objects: readonly string[];
}

/** One corner of life or work. */
export interface Setting {
  groups: readonly ActionGroup[];
  /** Follow the object: "before the audit". */
  contexts: readonly string[];
  /** What people write into a description. */
  notes: readonly string[];
}

export const PEOPLE = [
  "Aisha", "Alejandro", "Amina", "Andrzej", "Anjali", "Bilal", "Camille", "Carlos", "Chen", "Dana", "Diego", "Elif",
  "Emeka", "Fatima", "Felix", "Freya", "Giulia", "Hana", "Hassan", "Ines", "Ivan", "Jamal", "Joanna", "Karim", "Kenji",
  "Lars", "Leila", "Lucia", "Marek", "Maya", "Mei", "Mateo", "Nadia", "Noor", "Olu", "Omar", "Paula", "Priya", "Rafael",
  "Ravi", "Ruth", "Sana", "Sofia", "Svetlana", "Tariq", "Thandi", "Tomas", "Usman", "Viktor", "Wei", "Yara", "Yusuf",
  "Zainab", "Zoe",
] as const;

export const SETTINGS: Readonly<Record<string, Setting>> = {
  "office finance": {
    groups: [
      { verbs: ["review", "finish", "double-check", "update"], objects: ["the Q3 budget", "the cash flow forecast", "the travel budget", "the expense policy", "the payroll summary", "the quarterly accruals", "the cost centre report", "the VAT return"] },
      { verbs: ["submit", "reconcile", "scan", "file"], objects: ["the fuel receipts", "my travel claims", "the petty cash slips", "the card statements", "the supplier invoices", "the bank statements"] },
      { verbs: ["pay", "chase", "approve"], objects: ["the printer lease invoice", "the cleaning contract", "the courier bill", "the software renewal", "the catering invoice"] },
    ],
    contexts: ["before the audit", "for the board meeting", "for the Lisbon office", "ahead of month-end", "for the investors", "after the system upgrade", "for the new cost centre"],
    notes: ["use the revised exchange rates", "the July figures are still provisional", "{person} has the missing receipts", "copy the auditors in", "keep the old version in the archive", "compare it with last year's numbers", "the total should match the ledger"],
  },
  "software team": {
    groups: [
      { verbs: ["fix", "investigate", "reproduce"], objects: ["the login timeout", "the flaky payment test", "the memory leak in the importer", "the broken export button", "the duplicate email bug", "the slow search query", "the crash on Android", "the timezone bug"] },
      { verbs: ["review", "merge", "test"], objects: ["the caching branch", "the migration script", "the rate limiter", "the new onboarding flow", "the dependency upgrade", "{person}'s pull request"] },
      { verbs: ["write", "update", "clean up"], objects: ["the release notes", "the API docs", "the runbook", "the incident report", "the deployment checklist", "the staging config"] },
    ],
    contexts: ["before the release", "for the mobile team", "on staging", "after the code freeze", "for the security review", "before the demo"],
    notes: ["the logs are in the incident channel", "ask {person} for database access", "only happens with an empty cart", "add a regression test", "keep the change behind a flag", "roll back if the error rate goes over one percent"],
  },
  "household": {
    groups: [
      { verbs: ["clean", "tidy up", "sort out"], objects: ["the garage", "the kitchen cupboards", "the fridge", "the spare room", "the balcony", "the oven", "the shoe rack", "the loft"] },
      { verbs: ["buy", "order", "pick up"], objects: ["dishwasher tablets", "a new kettle", "light bulbs", "a shower curtain", "batteries", "paint for the hallway", "a doormat", "vacuum bags"] },
      { verbs: ["repair", "replace", "look at"], objects: ["the dripping tap", "the squeaky door", "the smoke alarm", "the curtain rail", "the bathroom fan", "the broken blind"] },
      { verbs: ["pay", "check"], objects: ["the gas bill", "the water bill", "the internet bill", "the home insurance", "the rent"] },
    ],
    contexts: ["before my parents visit", "for the weekend", "before the guests come", "while the kids are out", "with {person}"],
    notes: ["measure the window first", "the spare key is with {person}", "get the eco version", "don't spend more than 60 euros", "the warranty papers are in the blue folder", "ask the neighbours for a ladder"],
  },
  "health": {
    groups: [
      { verbs: ["book", "reschedule", "confirm"], objects: ["a dentist appointment", "the eye test", "my physio session", "a blood test", "the flu shot", "the follow-up with Dr. Novak", "the skin check"] },
      { verbs: ["renew", "pick up", "order"], objects: ["my prescription", "the asthma inhaler", "the blood pressure tablets", "new contact lenses", "the allergy medicine"] },
      { verbs: ["call", "email"], objects: ["the clinic", "the insurance company", "the pharmacy", "Dr. Haddad's office"] },
    ],
    contexts: ["before the holidays", "for my mother", "before the insurance year ends", "for {person}", "while I have a day off", "for the whole family"],
    notes: ["bring the referral letter", "ask whether fasting is needed", "mornings are best", "mention the penicillin allergy", "take the old X-rays along", "the insurance number is in my wallet"],
  },
  "travel": {
    groups: [
      { verbs: ["book", "compare", "reserve"], objects: ["flights to Porto", "a hotel in Kraków", "the train to Lyon", "a rental car in Sicily", "airport parking", "the ferry to Naxos", "seats on the night train"] },
      { verbs: ["renew", "scan", "find"], objects: ["my passport", "the travel insurance", "the vaccination certificate", "my driving licence", "the railcard"] },
      { verbs: ["pack", "prepare"], objects: ["the hiking gear", "a first aid kit", "the camera bag", "the kids' backpacks", "the chargers and adapters"] },
    ],
    contexts: ["for the spring trip", "before the holidays", "for the family visit", "for the honeymoon", "with {person}", "for our anniversary"],
    notes: ["window seats if possible", "free cancellation only", "we arrive after 10 pm", "use the air miles", "check the visa rules first", "one checked bag is enough", "{person} is vegetarian"],
  },
  "hiring": {
    groups: [
      { verbs: ["screen", "shortlist", "read through"], objects: ["the backend applications", "the design portfolios", "the intern applications", "the data analyst CVs", "the sales candidates"] },
      { verbs: ["schedule", "prepare", "confirm"], objects: ["the interview with {person}", "the panel interview", "a call with the recruiter", "the second round", "the trial day", "{person}'s exit interview"] },
      { verbs: ["draft", "send", "revise"], objects: ["the offer letter", "the job ad", "the rejection emails", "the onboarding plan", "the reference request"] },
    ],
    contexts: ["for the Berlin team", "for the night shift", "before the hiring freeze", "for the warehouse role", "with the team leads"],
    notes: ["salary band is C2", "mention the remote policy", "{person} joins the panel", "two references are enough", "keep it to 45 minutes", "ask about the notice period"],
  },
  "marketing": {
    groups: [
      { verbs: ["write", "edit", "publish"], objects: ["the spring newsletter", "the launch blog post", "the customer story", "the product page", "the press release", "the survey invitation"] },
      { verbs: ["design", "update", "print"], objects: ["the trade fair banner", "the price list", "the loyalty cards", "the event flyer", "the brand guidelines"] },
      { verbs: ["analyse", "present", "check"], objects: ["the ad spend", "the open rates", "the landing page test", "the webinar numbers", "the referral programme"] },
    ],
    contexts: ["for the autumn campaign", "with the agency", "before the launch", "for the Spanish market", "for {person}", "after the rebrand"],
    notes: ["use the new logo", "no more than 400 words", "get sign-off from legal", "the photos are in the shared drive", "mention the early-bird discount", "A/B test two subject lines"],
  },
  "university": {
    groups: [
      { verbs: ["finish", "proofread", "hand in"], objects: ["the statistics assignment", "the lab report", "the history essay", "my thesis chapter", "the literature review", "the group presentation"] },
      { verbs: ["read", "summarise", "print"], objects: ["the paper on soil carbon", "chapter seven", "the seminar readings", "the case study", "the exam guidelines"] },
      { verbs: ["return", "renew", "borrow"], objects: ["the library books", "the econometrics textbook", "the lab goggles", "the interlibrary loan"] },
      { verbs: ["email", "meet"], objects: ["my supervisor", "the study adviser", "{person} from the tutorial group"] },
    ],
    contexts: ["before the midterm", "for Professor Lindqvist", "before the exam board meets", "for the seminar", "with the study group"],
    notes: ["APA style, not MLA", "3000 words at most", "hand it in on the portal as PDF", "{person} has the data set", "ask for two more days if needed", "the slides need page numbers"],
  },
  "children": {
    groups: [
      { verbs: ["sign", "return", "find"], objects: ["the field trip form", "the school report", "the swimming consent form", "the library card", "the vaccination record"] },
      { verbs: ["buy", "order", "pick up"], objects: ["new football boots", "a present for {person}'s birthday", "the school uniform", "a geometry set", "a rain jacket", "the costume for the play"] },
      { verbs: ["book", "cancel", "move"], objects: ["the piano lesson", "the parent-teacher talk", "the babysitter", "the swimming course", "the dentist for the twins"] },
    ],
    contexts: ["before term starts", "for {person}", "with {person}", "before the school closes", "before the summer camp"],
    notes: ["shoe size is 34 now", "cash only", "write the name on the label", "no nuts please", "ask the other parents to chip in", "the form needs both signatures"],
  },
  "events": {
    groups: [
      { verbs: ["book", "visit", "confirm"], objects: ["the rooftop venue", "the jazz trio", "the photographer", "the marquee", "the minibus", "the caterer"] },
      { verbs: ["send out", "design", "print"], objects: ["the invitations", "the seating plan", "the name badges", "the menu cards", "the thank-you notes"] },
      { verbs: ["order", "pick up", "taste"], objects: ["the birthday cake", "the wedding cake", "the vegetarian platters", "the welcome drinks"] },
    ],
    contexts: ["for {person}'s retirement party", "for the charity gala", "for the team offsite", "for the reunion", "for the opening night"],
    notes: ["about eighty guests", "two people need step-free access", "no plastic decorations", "deposit is 200", "doors open at six", "{person} will play a few songs", "check the parking situation"],
  },
  "legal": {
    groups: [
      { verbs: ["sign", "review", "send back"], objects: ["the lease amendment", "the supplier contract", "the data processing agreement", "the power of attorney", "the NDA with {person}"] },
      { verbs: ["renew", "apply for", "translate"], objects: ["the trade licence", "the residence permit", "the birth certificate", "the export permit", "the trademark"] },
      { verbs: ["file", "prepare", "check"], objects: ["the insurance claim", "the annual return", "the appeal letter", "the tax documents"] },
    ],
    contexts: ["before the deadline", "with the notary", "for the embassy", "for the shareholders", "before we move"],
    notes: ["needs a wet signature", "two certified copies", "clause 8 is still open", "the case number is on the letter", "{person} checks the wording", "keep proof of postage"],
  },
  "customer support": {
    groups: [
      { verbs: ["answer", "escalate", "close"], objects: ["the refund complaint", "the ticket about the missing parcel", "the billing question", "the warranty case", "the ticket from the Oslo hotel", "the chargeback"] },
      { verbs: ["update", "rewrite", "check"], objects: ["the help centre article", "the out-of-office reply", "the returns page", "the shift plan", "the macros"] },
      { verbs: ["call", "write to"], objects: ["the customer in Leeds", "the hotel about the refund", "the courier company", "the bakery account"] },
    ],
    contexts: ["before the weekend rush", "before the next shift", "after the outage", "with {person}", "with the billing team"],
    notes: ["offer a ten percent voucher", "order number is on the ticket", "they asked for a call after four", "apologise for the delay first", "attach the photos", "{person} handled it last time"],
  },
  "moving house": {
    groups: [
      { verbs: ["pack", "label", "donate"], objects: ["the books", "the winter clothes", "the glassware", "the old lamps", "the board games", "the baby things"] },
      { verbs: ["cancel", "transfer", "set up"], objects: ["the electricity contract", "the broadband", "the newspaper subscription", "the parking permit", "the mail forwarding"] },
      { verbs: ["hire", "book", "get quotes for"], objects: ["a moving van", "the removal company", "a cleaner", "an electrician", "storage space"] },
    ],
    contexts: ["for the new flat", "before the handover", "with {person}", "in the old house", "before moving day"],
    notes: ["take photos of the meter", "bubble wrap is in the cellar", "the lift is out of order", "three quotes at least", "leave the curtain rods", "ask for the deposit back"],
  },
  "restaurant": {
    groups: [
      { verbs: ["order", "count", "check"], objects: ["the olive oil stock", "the fish delivery", "the wine cellar", "the flour", "the takeaway boxes", "the dessert plates"] },
      { verbs: ["update", "print", "cost"], objects: ["the lunch menu", "the allergen list", "the tasting menu", "the drinks card"] },
      { verbs: ["train", "brief", "roster"], objects: ["the new waiters", "the kitchen porters", "{person} for the grill station", "the weekend team"] },
      { verbs: ["service", "deep-clean"], objects: ["the fryer", "the walk-in fridge", "the coffee machine", "the extractor hood"] },
    ],
    contexts: ["before the inspection", "before the wedding party", "before the lunch shift", "with the head chef", "with {person}"],
    notes: ["the supplier closes at two", "swap the sea bass for hake", "keep food cost under thirty percent", "sesame is missing on the list", "use the back entrance"],
  },
  "freelance design": {
    groups: [
      { verbs: ["sketch", "revise", "deliver"], objects: ["the logo drafts", "the packaging mock-up", "the icon set", "the book cover", "the café menu layout", "the app wireframes"] },
      { verbs: ["send", "chase", "prepare"], objects: ["the invoice to {person}", "the project quote", "the contract for the mural", "the mood board", "the final files"] },
      { verbs: ["update", "back up"], objects: ["my portfolio", "the font library", "the client folder", "the website"] },
    ],
    contexts: ["for the tea brand", "for the museum shop", "before the client call", "before the deadline", "for the festival"],
    notes: ["CMYK with 3 mm bleed", "no serif fonts", "{person} prefers the second draft", "fee includes two rounds of changes", "export as SVG as well", "keep the layers named"],
  },
  "garden and repairs": {
    groups: [
      { verbs: ["prune", "water", "repot"], objects: ["the roses", "the lemon tree", "the tomato plants", "the hydrangeas", "the fig tree", "the herbs on the sill"] },
      { verbs: ["mow", "rake", "edge"], objects: ["the front lawn", "the back lawn", "the path behind the shed", "the verge"] },
      { verbs: ["repair", "paint", "check"], objects: ["the garden fence", "the shed roof", "the greenhouse door", "the gutter", "the bike", "the gate"] },
    ],
    contexts: ["before the frost", "for {person}", "while the weather holds", "before winter", "after the storm"],
    notes: ["use the organic fertiliser", "borrow the long ladder", "wear gloves, they have thorns", "two coats of paint", "mind the bird nest", "the hose leaks at the tap end"],
  },
  "clinic": {
    groups: [
      { verbs: ["update", "print", "check"], objects: ["the night shift rota", "the patient leaflets", "the vaccine fridge log", "the on-call list", "the discharge summaries"] },
      { verbs: ["order", "restock", "count"], objects: ["the sterile gloves", "the dressing packs", "the oxygen masks", "the test kits", "the saline bags"] },
      { verbs: ["arrange", "confirm", "move"], objects: ["the ward round", "the fire drill", "the handover with {person}", "the hand hygiene training", "the equipment check"] },
    ],
    contexts: ["for ward B", "before the inspection", "for the night team", "with {person}", "before the new trainees start"],
    notes: ["expiry dates are on the lower shelf", "use the new form", "the consultant wants a summary", "{person} has the key", "no patient names on the board", "two boxes per room"],
  },
  "sales": {
    groups: [
      { verbs: ["call", "follow up with", "visit"], objects: ["the Hamburg dealer", "the school district", "{person} from Northwind", "the hotel chain", "the organic market", "the bike shop owners"] },
      { verbs: ["prepare", "send", "update"], objects: ["the renewal quote", "the price comparison", "the demo account", "the pitch deck", "the sales forecast", "the pilot proposal"] },
      { verbs: ["log", "clean up", "review"], objects: ["the trade show leads", "the pipeline", "the lost deals", "the CRM contacts"] },
    ],
    contexts: ["before quarter-end", "for the northern region", "after the trade fair", "ahead of the negotiation", "with {person}"],
    notes: ["they need net-60 terms", "offer the two-year plan", "decision maker is back on Monday morning", "don't mention the competitor", "bring printed samples", "budget was cut by a fifth"],
  },
  "volunteering": {
    groups: [
      { verbs: ["collect", "sort", "deliver"], objects: ["the food bank boxes", "the donated coats", "the school supplies", "the book donations", "the tinned food"] },
      { verbs: ["recruit", "brief", "thank"], objects: ["the marathon helpers", "the reading mentors", "the new drivers", "the soup kitchen crew"] },
      { verbs: ["write", "submit", "check"], objects: ["the grant application", "the safeguarding form", "the donor letters", "the volunteer rota"] },
    ],
    contexts: ["for the winter shelter", "with {person}", "before the street festival", "for the refugee centre", "before the holidays"],
    notes: ["the van needs fuel", "gate code is with {person}", "bring high-vis vests", "we are short of drivers", "label the halal boxes", "parking is behind the church"],
  },
  "research lab": {
    groups: [
      { verbs: ["calibrate", "service", "book"], objects: ["the spectrometer", "the confocal microscope", "the centrifuge", "the climate chamber", "the mass balance"] },
      { verbs: ["run", "repeat", "analyse"], objects: ["the control samples", "the titration series", "the pilot survey", "the batch four assays", "the soil cores"] },
      { verbs: ["submit", "revise", "format"], objects: ["the ethics form", "the conference abstract", "the supplementary tables", "the grant report", "the reviewer response"] },
    ],
    contexts: ["for the Helsinki project", "before the embargo lifts", "with {person}", "for the second cohort", "before the field season"],
    notes: ["use the fresh buffer", "raw data goes to the group drive", "reviewer two wants error bars", "sample 14 is contaminated", "book at least three hours", "{person} co-signs the form"],
  },
  "small shop": {
    groups: [
      { verbs: ["restock", "order", "price"], objects: ["the candle shelf", "the greeting cards", "the gift wrap", "the ceramic mugs", "the tote bags", "the notebooks"] },
      { verbs: ["dress", "clean", "light"], objects: ["the shop window", "the front display", "the sale corner", "the entrance sign"] },
      { verbs: ["send", "pack", "track"], objects: ["the online orders", "the parcel to {person}", "the wholesale samples", "the return to the supplier"] },
    ],
    contexts: ["before the Christmas market", "for the autumn sale", "for the late-night opening", "for the craft fair", "with {person}"],
    notes: ["blue sells better than grey", "minimum order is 24 pieces", "use recycled paper", "the courier comes at eleven", "add the thank-you card", "margin should stay above forty percent"],
  },
  "pets": {
    groups: [
      { verbs: ["book", "move", "confirm"], objects: ["the vet appointment", "the dog groomer", "the kennel", "the cat sitter", "the puppy class"] },
      { verbs: ["buy", "order", "refill"], objects: ["the dry food", "the cat litter", "the flea drops", "the aquarium filter", "the hay"] },
      { verbs: ["clean", "fix", "replace"], objects: ["the aquarium", "the rabbit hutch", "the scratching post", "the dog bed", "the bird feeder"] },
    ],
    contexts: ["for Luna", "for the rescue dog", "before we go away", "with {person}", "before winter"],
    notes: ["bring the vaccination booklet", "grain-free only", "Biscuit hates the carrier", "the big bag is cheaper", "ask about the limp", "half the usual portion in the evening"],
  },
};

/** Tasks for rows that have nothing to do with task management; each a question and what a chatty model would answer. */
export const OFF_TOPIC: readonly (readonly [string, string])[] = [
  ["What's the best way to get red wine out of a wool carpet?", "Blot it straight away with a dry cloth, then dab with cold water and a little vinegar. Don't rub, and test a corner first."],
  ["Can you explain why the sky turns red in the evening?", "At sunset the light crosses more air, which scatters the blue away and leaves the red and orange for you to see."],
  ["Who won the most Roland Garros titles?", "Rafael Nadal won it fourteen times, more than anyone else in the singles draw."],
  ["Give me a short poem about autumn rain.", "Grey threads stitch the rooftops tight, / puddles borrow scraps of light, / someone hums beneath a hood, / and the wet leaves smell of wood."],
  ["How long do I boil an egg if I want the yolk soft?", "About six minutes from the moment the water boils, then straight into cold water."],
  ["What's the difference between a crocodile and an alligator?", "Look at the snout: an alligator's is broad and round, a crocodile's narrow and pointed, with teeth that show when the mouth is shut."],
  ["Is it worth buying an electric bike for a hilly commute?", "On hills the motor makes the biggest difference. Try a mid-drive model and check that the battery covers both ways."],
  ["Translate 'good luck tomorrow' into Portuguese.", "That would be 'boa sorte para amanhã'."],
  ["Why do cats knock things off shelves?", "Partly to test what moves, partly because it makes you look up. Moving prey is interesting, and so is your reaction."],
  ["What should I cook with leftover rice and two eggs?", "Egg fried rice: hot pan, a bit of oil, the eggs first, then the cold rice, soy sauce and whatever greens you have."],
  ["Can you recommend a novel set in Istanbul?", "'The Museum of Innocence' by Orhan Pamuk is a slow, obsessive love story with the whole city in it."],
  ["How do noise-cancelling headphones work?", "A microphone picks up the outside sound and the speaker plays its mirror image, so the two waves cancel in your ear."],
  ["What is the capital of Burkina Faso?", "Ouagadougou. The second largest city is Bobo-Dioulasso."],
  ["Should I repot an orchid while it is flowering?", "Better wait until the flowers drop. Repotting in bloom usually costs you the buds."],
  ["Explain compound interest like I'm twelve.", "You earn interest on your money, and next year you earn interest on that interest too, so the pile grows faster and faster."],
  ["Which planet has the most moons?", "Saturn, by a wide margin: well over a hundred are confirmed."],
];
