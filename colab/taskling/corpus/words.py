"""The vocabulary: what tasks are about, who is in them, and words that exist nowhere."""
from __future__ import annotations

import random
import zlib

NAMES = """Anna Ben Carla David Elena Farid Grace Hassan Ines Jonas Kate Liam Maria Nadia Omar Paula Ravi Sara Tom Uma Victor Wendy
Yusuf Zoe Alex Bella Chen Diego Emma Felix Gina Henry Ivan Julia Karim Lena Marco Nina Oscar Priya Rosa Sam Tara Vera Will Amir
Leila Hugo Mei Noah Olga Peter Rita Simon Theo Ana Kofi Aisha Lucas Sofia Mateo Ahmed Fatima Jack Lily Max Ruth Carlos Dina""".split()

# verb | objects
ACTIONS = [line.split("|") for line in """
call|the bank,the dentist,the plumber,the landlord,{name},{name}'s teacher,the insurance company,the vet,the garage,the school,the travel agent,grandma,the office,the electrician,customer service
email|{name},the client,the supplier,the board,the new tenants,the accountant,the professor,the support team,the sales team,human resources,the mayor,the editor
buy|milk,bread,stamps,a birthday card,new shoes,cat food,printer paper,a train ticket,paint,batteries,flowers,light bulbs,coffee,a present for {name},vegetables,a bookshelf,soap,a helmet,rice and beans,toothpaste
pay|the rent,the electricity bill,the water bill,the invoice,the parking fine,the membership fee,the phone bill,the deposit,the tax,the babysitter
write|the report,the minutes,a thank-you note,the speech,a cover letter,the abstract,the blog post,the newsletter,an apology to {name},chapter two,the test plan,a review,the introduction
send|the contract,the invoice,the parcel,the slides to {name},the photos,the application,a postcard,the samples,the forms,the invitation,the price list,the signed lease,the agenda
book|the hotel,a table for six,the flight,the meeting room,the caterer,a haircut,the venue,a taxi,train seats,the photographer,a check-up,the court,the ferry
clean|the kitchen,the windows,the garage,the oven,the fridge,the bathroom,the car,the gutters,the desk,the aquarium,the basement,the filters
fix|the bike,the leaky tap,the printer,the login bug,the garden gate,the fence,the shelf,the heating,the lamp,the search page,the broken link,the door handle
water|the plants,the lawn,the tomatoes,the roses,the herbs
review|the budget,the contract,the pull request,the design,the proposal,the policy,{name}'s draft,the survey results,the security report,the logs,the test results,the plan for the fair
prepare|the presentation,the lesson,the quarterly figures,dinner,the demo,the workshop,the interview questions,the conference room,the budget,lunch boxes,the guest room
finish|the essay,the homework,the painting,the puzzle,the tax return,the slides,the book,the model,the course,the assignment,the website
order|a new chair,the cake,ink,office supplies,the spare part,pizza,new business cards,firewood,curtains,dog food,the textbooks
return|the library books,the drill,the jacket,the keys to {name},the rental car,the parcel,the shoes,the borrowed ladder
pick up|the dry cleaning,the kids,the parcel,{name} from the airport,the cake,the prescription,the car,the tickets,groceries,the suit
update|the website,the spreadsheet,the CV,the price list,the software,the calendar,the contact list,the firewall rules,the team page,the manual,the inventory
plan|the holiday,the party,the team event,the menu,the sprint,the move,the garden,the lesson,the wedding,the road trip,the budget for next year
organise|the shelves,the photos,the meeting,the files,the wardrobe,the archive,a farewell for {name},the bake sale,the tool shed
check|the smoke alarm,the tyre pressure,the backup,the stock,the oil,the references,the mailbox,the test data,the passport,the boiler
schedule|a call with {name},the interview,the vaccination,the maintenance,the team meeting,a dental check-up,the delivery,the photo shoot
read|the manual,the paper on batteries,two chapters,the contract,the news,the guidelines,the study,{name}'s thesis,the letter from the bank
renew|the passport,the licence,the insurance,the library card,the domain,the gym membership,the parking permit,the subscription
walk|the dog,{name}'s dog
feed|the cat,the fish,the rabbits,the chickens,the neighbour's cat
repair|the roof,the watch,the coffee machine,the chair,the zip,the scooter,the fence
pack|the suitcase,lunch,the boxes,the gym bag,the orders,the tent,the winter clothes
visit|{name},the museum,the dentist,the new office,grandpa,the supplier,the notary,the exhibition
practise|the piano,the speech,the guitar,French verbs,the presentation,free throws
file|the expenses,the tax return,the complaint,the claim,the papers,the receipts
print|the tickets,the handouts,the photos,the labels,the boarding pass,the map
install|the update,the shelf,the new printer,the curtain rail,the alarm,the app,the sensor
cancel|the subscription,the gym,the order,the newspaper,the old phone contract,the trial
replace|the filter,the battery,the light bulb,the tap,the broken tile,the lock,the keyboard
paint|the fence,the bedroom,the door,the bench,the hallway
wash|the car,the curtains,the dishes,the dog,the bedding,the sports kit
bake|a cake,bread,cookies for the class,two pies,banana bread
study|for the exam,chapter four,chemistry,the road signs,statistics,Spanish vocabulary
test|the backup,the new form,the smoke detector,the payment page,the brakes,the sound system
submit|the application,the report,the timesheet,the assignment,the grant proposal,the expense claim,the paper
sort|the mail,the laundry,the recycling,the receipts,the toys,the photos,the cables
sign|the lease,the contract,the permission slip,the card for {name},the delivery note
ask|{name} about the offer,the boss for leave,the landlord about the heating,{name} for the recipe
meet|{name} for lunch,the architect,the new intern,the study group,the investors
translate|the letter,the menu,the manual,the brochure
draft|the contract,a job ad,the memo,the press release,the agenda,the letter to {name}
measure|the windows,the living room,the response time,the garden
record|the podcast,the interview,the demo,a message for {name}
charge|the camera,the laptop,the drill,the e-bike
train|the new staff,for the race,the puppy
mow|the lawn,the field behind the house
move|the sofa,the server,the old files to the archive,the piano
research|summer camps,heat pumps,flights to Rome,the market,new suppliers
collect|the signatures,the eggs,the survey forms,{name}'s mail
cut|the hedge,the grass,the cable ties
change|the sheets,the password,the tyres,the air filter
remove|the old stickers,the weeds,the snow,the wallpaper
delete|the old backups,the spam,the test accounts
create|a logo,the invoice template,the guest list,a playlist
complete|the training,the survey,the form for {name},the checklist
list|the bikes for sale,the furniture,the missing parts
add|{name} to the mailing list,salt to the softener,captions to the video
show|{name} the office,the flat to the tenants,the slides to {name}
mark|the exams,the trail,the essays
close|the old account,the pool for winter,the shop early
put up|the tent,the posters,the shelves,the lights
take out|the trash,the recycling,the compost
look for|a new flat,the lost keys,a piano teacher
talk to|{name},the neighbours,the bank about the loan,{name} about the rota
work on|the garden wall,the thesis,the demo,the pitch
""".strip().splitlines()]
ACTIONS = [(verb, objects.split(",")) for verb, objects in ACTIONS]

THINGS = """dentist appointment,quarterly report,team meeting,budget review,birthday party,grocery shopping,doctor's appointment,yoga class,
piano lesson,parent evening,client call,code review,laundry,homework,tax return,job interview,haircut,oil change,school trip,book club,
board meeting,sales report,staff training,fire drill,summer party,garden work,car inspection,blood test,flu shot,product launch,lunch with {name},
call with {name},coffee with {name},meeting with {name},{name}'s birthday,gym session,swimming lesson,language course,guitar practice,chess club,
monthly invoice,expense report,press release,sprint planning,stock check,payroll,wedding dress,moving boxes,science project,history essay,
maths homework,math test,driving lesson,eye test,pottery class,choir practice,newsletter,website redesign,server migration,database backup,
password reset,security audit,spring cleaning,window cleaning,visa application,insurance claim,rental contract,marketing plan,sales deck,
annual review,performance review,exam revision,thesis chapter,lab report,physio,vet visit,dog training,food bank,bake sale,charity run,
football match,concert tickets,train tickets,holiday photos,shopping list,wine tasting,kitchen renovation,roof repair,boiler service,
dishes,vacuuming,ironing,recycling,receipts,groceries,medicine,prescription,bills,rent,invoice,presentation,slides,report,essay,newsletter draft,
status report,weekly review,release notes,bug report,customer survey,training plan,workout,morning run,evening walk,painting the fence,
cleaning the garage,reading list,packing,speech,seminar,workshop,exhibition,interview with {name},letter to {name},email to {name},gift for {name}""".replace("\n", "").split(",")

TAILS = ["before the meeting", "after work", "with {name}", "for {name}", "for the kitchen", "at the office", "for the team", "near the station",
         "for the summer party", "before the holidays", "in the garden", "at school", "for the new flat", "with the kids", "for the weekend trip",
         "on the second floor", "from the shop", "for the client", "at the library", "for work", "for the {thing}", "about the {thing}"]

SYLLABLES = (["b", "br", "c", "ch", "cl", "d", "dr", "f", "fl", "g", "gl", "gr", "h", "j", "k", "kl", "kr", "l", "m", "n", "p", "pl", "pr", "qu", "r",
              "s", "sh", "sk", "sl", "sp", "st", "str", "sw", "t", "th", "tr", "v", "w", "x", "y", "z", "zw", ""],
             ["a", "e", "i", "o", "u", "ai", "ea", "ee", "oo", "ou", "y", "ie", "au", "io", "ü", "é", "ó", "ue"],
             ["", "", "", "b", "ck", "d", "ft", "g", "l", "ll", "m", "n", "nd", "ng", "nt", "p", "r", "rk", "rt", "s", "sk", "st", "t", "th", "x", "z", "w", "tz"])
PREFIXES = "anti auto bi con counter de dis ex fore hyper in inter micro mid mis mono multi neo non over para poly post pre pro re semi sub super tele trans tri ultra un under vice".split()
SUFFIXES = "able age al ance ant ary ate dom ed ee en ence er ery ese est ette ful hood ia ian ible ic ify ine ing ion ism ist ity ium ive ize less let ling logy ly man ment ness oid or ory ous ship sis some son sion th tion ton ture ty us ville ward wich y".split()


def held_back(text: str) -> bool:
    """Whether a title or date is kept out of the corpus and the fine-tuning sets, for evaluations: one in ten, by its hash."""
    return zlib.crc32(text.casefold().encode()) % 10 == 0


def name(rng: random.Random) -> str:
    return gibberish(rng).capitalize() if rng.random() < 0.15 else rng.choice(NAMES)


def fill_names(text: str, rng: random.Random) -> str:
    while "{name}" in text:
        text = text.replace("{name}", name(rng), 1)
    while "{thing}" in text:
        text = text.replace("{thing}", rng.choice(THINGS).replace("{name}", rng.choice(NAMES)), 1)
    return text


def gibberish(rng: random.Random) -> str:
    """A word that exists nowhere, from syllables, letters, affixes or pieces of known words."""
    kind = rng.random()
    onset, nucleus, coda = SYLLABLES
    syllable = lambda: rng.choice(onset) + rng.choice(nucleus) + rng.choice(coda)
    if kind < 0.4:
        return "".join(syllable() for _ in range(rng.choice([1, 2, 2, 3, 3]))) or "zu"
    if kind < 0.55:
        return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 9)))
    if kind < 0.75:
        return (rng.choice(PREFIXES) if rng.random() < 0.5 else "") + syllable() + rng.choice(SUFFIXES)
    pieces = []
    for _ in range(rng.choice([2, 2, 3])):
        verb, objects = rng.choice(ACTIONS)
        word = rng.choice(rng.choice(objects + [verb]).replace("{name}", rng.choice(NAMES)).split())
        at = rng.randrange(max(1, len(word) - 2))
        pieces.append(word[at:at + rng.randint(2, 4)].lower().replace("'", ""))
    return "".join(pieces)


def code(rng: random.Random) -> str:
    """A number, a code, a place in a file: what titles carry besides words."""
    letters = lambda n: "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(n))
    return rng.choice([
        lambda: str(rng.randint(1, 9999)), lambda: f"{letters(2)}-{rng.randint(10, 999)}", lambda: f"#{rng.randint(1, 9999)}",
        lambda: f"Q{rng.randint(1, 4)}", lambda: f"v{rng.randint(1, 9)}.{rng.randint(0, 20)}", lambda: f"room {rng.randint(1, 400)}", lambda: letters(3),
    ])()
