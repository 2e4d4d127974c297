/** Keeps the home page live, and answers the search in place. The server sends words and HTML; nothing is composed here. */
const byId = (id) => document.getElementById(id);

async function refresh() {
  const answer = await fetch("/course");
  if (!answer.ok) return;
  const course = await answer.json();
  byId("course-words").textContent = course.words;
  const link = byId("continue");
  link.textContent = course.continue.words;
  if (course.continue.address) link.setAttribute("href", course.continue.address);
  else link.removeAttribute("href");
  for (const chapter of course.chapters) {
    const section = byId(`chapter-${chapter.number}`);
    section.querySelector(".words").textContent = chapter.words;
    section.querySelector("progress")?.setAttribute("value", chapter.done);
  }
  for (const lesson of course.lessons) {
    const item = byId(`lesson-${lesson.id}`);
    const state = item.querySelector(".state");
    if (state.textContent === lesson.words) continue;
    state.textContent = lesson.words;
    item.dataset.state = lesson.state;
    byId("news").textContent = `Lesson ${lesson.id}: ${lesson.words}`;
  }
}

const events = new EventSource("/events");
events.addEventListener("progress", refresh);
events.addEventListener("open", refresh);
events.addEventListener("error", () => {
  byId("news").textContent = "The workbook does not answer. Start it again with npm start, and open the address that it prints.";
});

const field = byId("query");
let latest = 0;
async function search() {
  const query = field.value.trim();
  const mine = ++latest;
  const answer = query === "" ? undefined : await fetch(`/search?part=results&q=${encodeURIComponent(query)}`);
  const found = answer?.ok ? await answer.text() : "";
  if (mine !== latest) return; // a later search is under way
  byId("found").innerHTML = found;
  byId("found").hidden = found === "";
  const count = byId("found").querySelectorAll("li").length;
  byId("found-count").textContent = query === "" ? "" : `${count || "no"} ${count === 1 ? "place" : "places"} found`;
}
let pause;
field.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(search, 150);
});
field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
