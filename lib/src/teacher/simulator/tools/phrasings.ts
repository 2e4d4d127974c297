/**
 * How the simulated user asks. `do` frames are imperatives, `say` frames stand as they are. (a|b) is one of them, [x] perhaps; slots
 * are {t} a title, {v} a title that begins with a verb, {n} a new title, {by} a date with its preposition, {d} the bare date,
 * {pa} a priority as an adjective, {pw} its word.
 */

export interface Frames {
  do: readonly string[];
  say: readonly string[];
}

const DETAILS = "[ {by}][ with {pw} priority]";

export const CREATE: Frames = {
  do: [
    `(add|create|note|note down|write down|set up|save) {t}${DETAILS}`,
    `(add|put|write|enter) {t} (on|onto) (my|the) (list|to-do list|task list)[ {by}]`,
    `(add|create|make|set up|open) (a|a new|another) (task|to-do|item) (called|named|titled) {t}${DETAILS}`,
    "(add|create|make) (a|a new) {pa} (task|to-do) (called|named) {t}[ {by}]",
    "(add|create|make|set up) (a task|a to-do|a reminder) to {v}[ {by}]",
    "remind me to {v}[ {by}]",
    "remind me {by} to {v}",
    "(help me remember|don't let me forget|remember|make a note) to {v}[ {by}]",
    "(add|create) {t}, due {d}[, {pa}]",
    "(add|create|put down) {t}, {pa}",
  ],
  say: [
    "I (need|have|want) to {v}[ {by}], so (add|note|write down) that",
    "(New|Another) (task|to-do|item): {t}[, due {d}][, {pw} priority]",
    "I (must not|mustn't) forget to {v}[ {by}]",
    "(There is|I have) (something new|a new task|one more thing) for (my|the) list: {t}[, {pa}]",
  ],
};

export const RESCHEDULE: Frames = {
  do: [
    "(move|reschedule|push|postpone|shift) {t} to {d}",
    "(change|set|move) the (due date|deadline|date) of {t} to {d}",
    "(make|set) {t} due {d}",
    "(give) {t} (a|a new) (due date|deadline) of {d}",
    "(put off|delay|postpone) {t} (until|till) {d}",
  ],
  say: ["{T} (is now due|is due|should be due|has to be done by|needs to be done by) {d}", "The (deadline|due date) (of|for) {t} is (now|now really) {d}"],
};

export const PRIORITISE: Frames = {
  do: [
    "(set|change|raise|switch) the priority of {t} to {pw}",
    "(make|mark) {t} (as |){pa}",
    "(give) {t} {pw} priority",
    "(set|change|move) {t} to {pw} priority",
  ],
  say: ["{T} (is|is now|has become|should be) {pa}", "{T} (should have|has|needs|gets) {pw} priority[ now]"],
};

export const RENAME: Frames = {
  do: [
    "rename {t} to {n}",
    "(change|set) the (title|name) of {t} to {n}",
    "(call) {t} {n} (instead|from now on)",
    "(change|rename) the task {t} to {n}",
  ],
  say: ["{T} (should be called|should be named|is now called|has a new name:) {n}[ from now on]"],
};

export const BOTH: Frames = {
  do: [
    "(move|reschedule|push) {t} to {d} and (make it|set it to|give it) {pw} priority",
    "(set|change) {t} to {pw} priority and (make it due|move it to) {d}",
    "(make|set) {t} {pa} and due {d}",
  ],
  say: ["{T} is (now |){pa} and due {d}"],
};

export const COMPLETE: Frames = {
  do: [
    "(complete|finish|close|check off|tick off) {t}",
    "mark {t} (as |)(done|complete|completed|finished)",
    "(set|change|switch) {t} to (done|complete|completed)",
    "(check|tick|cross) {t} off[ my list| the list|]",
  ],
  say: [
    "{T} is (done|finished|complete|completed)[ now]",
    "(I finished|I completed|I have finished|I have completed|I just finished|I'm done with|I am finished with) {t}",
    "I have (already |just |)done {t}",
    "(Done with|Finished with) {t}",
  ],
};

export const DELETE: Frames = {
  do: [
    "(delete|remove|drop|cancel|scrap|erase) {t}",
    "(delete|remove|drop|cancel) the task {t}",
    "(remove|take) {t} (from|off) (my list|the list|my tasks)",
    "(get rid of|throw out|throw away) {t}",
  ],
  say: [
    "I (don't|no longer) need {t} (any more|anymore|on my list)",
    "{T} is (cancelled|no longer needed|not needed any more|not happening), (remove|delete|drop) it",
    "Please (don't keep|no longer keep) {t}",
  ],
};

export const LIST: Frames = {
  do: [
    "(show|list|give|read) me (my|all my|the) (tasks|to-dos|list)",
    "(show|list|read out|pull up|display) (my|all my|the) (tasks|to-dos|open tasks|to-do list)",
    "(show|list|give|tell) me (the|my|all) (tasks|to-dos|things) (due|that are due) {d}",
    "(show|list|display|find) (my|the|all|all my) (tasks|to-dos) (due|for) {d}",
    "(show|list|give|find) me (my|the|all my|all the|every|) {pp} (tasks|to-dos|items)",
    "(show|list|display) (my|the|all my) tasks (with|that have) {pw} priority",
    "(show|list|give|tell) me (my|the|all my|all the) {done} (tasks|to-dos|items|things)",
    "(show|list|display) (my|the|all) {done} (tasks|to-dos)",
    "(show|tell) me what I have (finished|completed|done)[ so far]{s}",
  ],
  say: [
    "What (is|do I have) on my (list|to-do list)?",
    "(What|Which) (tasks|to-dos|things) do I (have|still have)?",
    "(What|Which) (tasks|to-dos|things) (are|do I have) due {d}?",
    "What (do I have to do|is due|is on my list) {on}?",
    "(Which|What) {pp} (tasks|to-dos|things) (do I have|are there|are left)?",
    "(Do I have|Are there) (any|) {pp} (tasks|to-dos)?",
    "(Which|What) (tasks|to-dos|things) (have I|did I) (finished|completed|done)[ so far]?{s}",
    "Is (anything|something) due {d}?",
  ],
};

/** By level: as an adjective, and before a noun. */
export const ADJECTIVES: Readonly<Record<string, readonly string[]>> = {
  high: ["high priority", "urgent", "very urgent", "important", "top priority"], medium: ["medium priority", "of medium priority"], low: ["low priority", "not urgent", "not important"],
};
export const BEFORE_NOUN: Readonly<Record<string, readonly string[]>> = {
  high: ["high priority", "high-priority", "urgent", "important", "top priority"], medium: ["medium priority", "medium-priority"], low: ["low priority", "low-priority"],
};

/** Who asks for a task without naming it, and what the assistant asks back; the answer names it. */
export const UNNAMED = {
  create: { ask: ["(Add|Create|Make|Set up) (a|a new|another) (task|to-do|item)[ {by}][ with {pw} priority]", "I (need|want) (a|a new) (task|to-do|reminder)[ {by}]", "(Remind me of something|Set a reminder) {by}", "(Put|Write) something (new |)on my list[ {by}]"], back: ["What should the task be called?"] },
  complete: { ask: ["(Mark|Set) (a task|it|one|something) (as |to )done", "I (finished|completed|have done) (a task|something|one of my tasks|it)", "(Complete|Finish|Close|Check off|Tick off) (a task|it|one of my tasks|something)", "(One|One more) (task |)is (done|finished|complete)"], back: ["Which task have you finished?"] },
  delete: { ask: ["(Delete|Remove|Drop|Cancel|Scrap) (a task|it|one of my tasks|something|one task|that one)", "(Take|Remove) (something|it|one) (off|from) my list", "I (don't|no longer) need (one of my tasks|a task|it) (any more|anymore)", "(Get rid of|Throw out) (a task|it|one of my tasks)"], back: ["Which task should I delete?"] },
  reschedule: { ask: ["(Move|Push|Postpone|Reschedule) (a task|it|something|one of my tasks) to {d}", "(Change|Set) (a|the) (due date|deadline) to {d}", "(Something|A task|One task) is (now |)due {d}"], back: ["Which task should I change?"] },
  prioritise: { ask: ["(Set|Change) (a task|it|something|one of my tasks) to {pw} priority", "(Make|Mark) (a task|it|one of my tasks|something) (as |){pa}", "(Set|Change|Raise) the priority to {pw}"], back: ["Which task should I change?"] },
} as const;

/** Who names a task and not what it is to become. */
export const UNSAID = {
  "new date": { ask: ["(Reschedule|Move|Postpone|Push|Delay) {t}", "(Change|Move|Set) the (due date|deadline|date) of {t}", "{T} (needs|should get|has) (a new|another) (due date|deadline|date)"], back: ["To which date?"] },
  "new title": { ask: ["Rename {t}", "(Change|Set) the (title|name) of {t}", "{T} (needs|should have) (a new|another) (name|title)"], back: ["What should it be called?"] },
  "new priority": { ask: ["(Change|Set) the priority of {t}", "{T} (needs|should have) another priority", "(Give) {t} (another|a different) priority"], back: ["To which priority: low, medium or high?"] },
  "what to change": { ask: ["(Change|Update|Edit) {t}", "(Change|Edit|Adjust) something (about|in) {t}", "(Make|I want|I need) (a change|an update) to {t}", "{T} (has to be|needs to be|should be) (changed|updated|edited)"], back: ["What should I change: title, date or priority?"] },
} as const;

export const ANSWERS = {
  title: ["{t}", "{t}", "{t}, please", "It's {t}", "The one called {t}", "I mean {t}", "Take {t}", "{t} is the one", "That would be {t}"],
  newTitle: ["{t}", "{t}", "{t}, please", "Call it {t}", "It's {t}", "{t} would be good", "Let's call it {t}"],
  date: ["{d}", "{d}", "{d}, please", "To {d}", "Make it {d}", "Let's say {d}", "I'd say {d}", "{d} would be good"],
  priority: ["{pw}", "{pw}", "{pw}, please", "To {pw}", "Make it {pw}", "{pw} priority", "Let's say {pw}"],
} as const;

/** A second request about the task of the first. */
export const FOLLOW_UPS = {
  reschedule: ["(Move|Push|Postpone|Reschedule) it to {d}[ instead]", "(Make|Set) it due {d}[ instead]", "(Actually|Oh), it is due {d}", "(Change|Set) its (due date|deadline) to {d}"],
  prioritise: ["(Make|Mark) it {pa}[ too]", "(Give|And give) it {pw} priority", "(Change|Set) its priority to {pw}", "It is {pa}[, by the way]"],
  complete: ["(Mark|And mark) it as (done|finished|complete)", "(Oh|Actually), it is (done|finished) already", "(Check|Tick) it off[ again| now|]", "I (have finished|finished) it[ now]"],
  delete: ["(Delete|Remove|Scrap|Drop) it[ again| now|]", "(Oh|Actually), I don't need it any more", "(On second thought|After all), (delete|remove|cancel) it", "(Take|Please take) it off my list"],
} as const;

export const UNCLEAR_DATES = ["the usual day", "some sunny day", "whenever it suits", "the day we talked about", "one of these days", "when the weather is better", "some other day", "when I feel like it", "the same day as always", "a day that suits Ravi"];

/** Turns that need no tool, with the answer. */
export const TALK = {
  thanks: { ask: ["(Thanks|Thank you|Thank you so much|Thanks a lot|Many thanks)[, that (helps|was quick|is all|will do)| for your help| for that|]", "(Great|Perfect|Wonderful|Good|Lovely|Nice), (thanks|thank you)[, that is all]", "That (is|was) (all|everything)[ for (today|now)], (thanks|thank you)"], back: ["You're welcome."] },
  greeting: { ask: ["(Hi|Hello|Hey|Good morning|Good evening|Good afternoon)[ there| again|]", "(Hi|Hello|Hey)[ there|], (how are you|how is it going|are you there|nice to meet you)?", "(Good morning|Good evening|Good afternoon|Hello), how are you[ today| doing|]?"], back: ["Hello. What can I do for you?"] },
  ability: { ask: ["What (can|do) you do[ for me|]?", "(How|With what) can you help[ me|]?", "What are you (good at|there for|able to do)?", "(Which|What) (things|tools|operations) (can you do|do you have|do you know)?", "Can you (explain|tell me) what you (can do|do)?", "(Who|What) are you[ exactly|]?", "How do I (add|delete|complete|change|rename) a task[ here| with you|]?"], back: ["I create, change, complete, delete and list tasks. Tell me what you need."] },
  outside: { back: ["I can't do that. I only look after your tasks."] },
  "told not to": { ask: ["(Don't|Do not|Please don't) (delete|remove|complete|change|move|touch|close|cancel) {t}[ yet| for now| today|]", "(Leave|Keep) {t} (as it is|on my list|where it is|open)[ for now|]", "(No|Wait|Stop|Sorry), (don't|do not) (delete|remove|change|move|close) {t}", "{T} (should stay|has to stay|stays) (as it is|on my list|open)"], back: ['All right, "{t}" stays as it is.'] },
  "small talk": { ask: ["I'm (a bit|so|really|very) (tired|busy|stressed|happy|hungry|bored)[ today| right now| this week|]", "(It's|What) (a lovely|a rainy|a long|a busy|a strange) (day|week|morning|evening)[, isn't it]", "(My|The) (weekend|holiday|morning|week|day) (was|has been) (great|too short|quiet|long|fun)", "(Never mind|Forget it|Nothing|No, nothing)[, (it's fine|I'm fine|all good)|]", "(Do you like|What do you think of) (music|football|coffee|cats|the sea|Mondays|chess)?"], back: ["I see. Tell me when I can do something for your tasks."] },
} as const;

const OUTSIDE_DO = [
  "(send|write) (an e-mail|a message|a text|a postcard) to {name}[ about {t}|]", "(call|phone|ring) {name} (for me|now)[ about {t}|]", "(book|find) (a flight|a train|a hotel|a table|a taxi) (to Rome|for two|in Lisbon|for tonight|near here)",
  "(order|buy) (a pizza|some flowers|new shoes|a coffee) (online|for me)", "(play|put on) (some music|a song|the radio|some jazz)", "(turn|switch) (on|off) the (lights|heating|television|oven)",
  "(translate|spell) (this|it|good morning) (into Spanish|into French|for me)", "(set|start) (an alarm|a timer) for (ten minutes|six o'clock|an hour)", "(write|tell me) (a poem|a joke|a story|a song)[ about (cats|rain|the sea)|]",
  "(pay|transfer) (my rent|the bill|fifty euros) (to {name}|for me)",
] as const;
const OUTSIDE_ASK = [
  "What (is|will be) the weather (like|)(today|tomorrow|in Paris)?", "(What time|How late) is it[ in Tokyo| now|]?", "Who (wrote|painted|invented) (Hamlet|the Mona Lisa|the telephone|the radio)?", "(How much|What) is (seven times eight|twelve plus thirty|half of ninety)?",
  "(Where|How far) is (the nearest bank|the station|Berlin|the airport)?", "(What is|Do you know) (the capital of Peru|the news|the score|the exchange rate)?", "How (tall|old|far|heavy) is (the Eiffel Tower|the moon|an elephant|Everest)?",
] as const;
export const OUTSIDE = { do: OUTSIDE_DO, ask: OUTSIDE_ASK };
