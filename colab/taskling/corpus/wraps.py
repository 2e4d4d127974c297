"""What stands around a request: politeness, hesitation, a word before and one after; and gerunds, for wraps that want them."""
from __future__ import annotations

DO_WRAPS = """{}|{}|{}|{}|{}, please|Please {}|please {}|Can you {}?|Could you {}?|Would you {}?|Can you please {}?|Could you please {}?|Would you please {}?|Will you {}?|I need you to {}|I want you to {}|I'd like you to {}
I would like you to {}|Go ahead and {}|Go on and {}|Kindly {}|Just {}|Hey, {}|Hi, {}|Hello, please {}|Hi, can you {}?|OK, {}|Okay, {}|Now {}|Then {}|And {}|Also, {}|So, {}|Well, {}|Right, {}|Alright, {}|Actually, {}|Oh, {}
Do me a favour and {}|Do me a favor: {}|Be so kind and {}|You should {}|You can {}|You may {}|Make sure to {}|Be sure to {}|Please make sure you {}|I was wondering if you could {}|I was hoping you could {}|I'd appreciate it if you could {}
It would be great if you could {}|It would be nice if you could {}|Any chance you could {}?|Is it possible for you to {}?|Would you be able to {}?|Are you able to {}?|Might you {}?|Would it be possible for you to {}?|You have to {}|You need to {}
{} for me|{} for me, please|{}, thanks|{}, thank you|{}, would you?|{}, will you?|{}, ok?|{} when you can|{} right now|{} now|Quickly {}|Quick one: {}|One thing: {}|Let me ask you to {}|May I ask you to {}?|I'm asking you to {}|Time to {}|Let's {}
I'd be grateful if you would {}|Think you could {}?|pls {}|plz {}|hey {}|ok {}|If you can, {}|If possible, {}|When you get a chance, {}|When you have time, {}|First, {}|Next, {}|Try to {}|Help me {}|Your job: {}|Assistant, {}|Yes, {}|No, {}|Sorry, {}"""
DO_WRAPS = [wrap for line in DO_WRAPS.splitlines() for wrap in line.split("|")]
GERUND_WRAPS = ["Would you mind {}?", "Do you mind {}?", "How about {}?", "I'd appreciate you {}", "Thanks for {}", "I suggest {}", "Consider {}", "What do you think about {}?"]
SAY_WRAPS = """{}|{}|{}|{}|{}|{}|{}, please|{}, thanks|{}, thank you|{} please|Hey, {}|Hi, {}|Hello, {}|OK, {}|Okay, {}|So {}|Well, {}|Right, {}|Alright, {}|Actually, {}|Oh, {}|And {}|Also, {}|By the way, {}|FYI, {}|FYI {}|Just so you know, {}|For your information, {}
Note that {}|You know, {}|I think {}|I believe {}|Turns out, {}|It looks like {}|It seems {}|Yes, {}|Um, {}|Uh, {}|Good morning, {}|hey {}|ok {}|Listen, {}|Please know that {}|Quick note: {}|I just wanted to say {}|I'm telling you that {}|Since you ask, {}|Oh no, {}|Sorry, {}|Ah, {}|Great, {}|Finally, {}|Hm, {}"""
SAY_WRAPS = [wrap for line in SAY_WRAPS.splitlines() for wrap in line.split("|")]
ASK_WRAPS = ["{}?"] * 12 + ["Hey, {}?", "Hi, {}?", "Hello, {}?", "OK, {}?", "So {}?", "And {}?", "Please, {}?", "{} please?", "{}, please?", "{}", "Tell me, {}?", "Quick question: {}?", "Good morning, {}?",
                             "Sorry, {}?", "Um, {}?", "One question: {}?", "ok {}?", "By the way, {}?", "Actually, {}?", "Just wondering, {}?", "I was wondering, {}?"]
BEFORE = """I just got out of a meeting.|Good morning!|Good evening.|Hi there.|Hello!|What a day.|It's been a long week.|I'm back from lunch.|Quick thing.|Something came up.|My head is spinning.|I talked to {name}.|{name} called.|I spoke with {name} about it.|It's raining again.
I'm in a hurry.|Sorry to bother you.|Thanks for yesterday.|One more thing.|Listen.|I checked my calendar.|I have a lot going on.|Good news!|Bad news.|Hm.|I'm on the train.|The meeting ran late.|My phone is almost dead.|You're a great help.|I've been thinking.|Okay, next.|I got a message from {name}.|Busy day today."""
BEFORE = [line for part in BEFORE.splitlines() for line in part.split("|")]
AFTER = """Thanks!|Thank you.|Thanks a lot.|Thanks in advance.|That's all.|That would be great.|I appreciate it.|Cheers.|You're the best.|Let me know when that's done.|OK?|Got it?|{name} asked about it.|It was about time.|Many thanks.|Please.|That's it for now.|Sorry for the trouble.|Have a nice day.|I nearly forgot."""
AFTER = [line for part in AFTER.splitlines() for line in part.split("|")]
IRREGULAR = {"put": "putting", "get": "getting", "set": "setting", "drop": "dropping", "cancel": "cancelling", "let": "letting", "jot": "jotting", "log": "logging", "slot": "slotting", "pop": "popping",
             "cut": "cutting", "scrap": "scrapping", "bin": "binning", "axe": "axing", "skip": "skipping", "throw": "throwing", "tag": "tagging", "flag": "flagging", "run": "running", "slip": "slipping",
             "pin": "pinning", "forget": "forgetting", "rub": "rubbing", "wrap": "wrapping", "swap": "swapping", "see": "seeing", "refer": "referring", "spin": "spinning", "void": "voiding"}


def gerund(phrase: str) -> str:
    first, space, rest = phrase.partition(" ")
    made = IRREGULAR.get(first) or (first[:-1] + "ing" if first.endswith("e") and not first.endswith("ee") else first + "ing")
    return made + space + rest
