// Starts the deck. Left and right go through all slides, Home and End to the first and last, Esc shows all, S the speaker's view.
const SCROLLS = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "];

const END = 35, HOME = 36;

Reveal.initialize({
  plugins: [RevealNotes],
  width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 4, center: false,
  hash: true, slideNumber: "c/t", navigationMode: "linear", controlsTutorial: false,
  transition: "none", backgroundTransition: "none",
  // Of its own, reveal.js goes to the first or last group, at the slide that was last shown there.
  keyboard: {
    [HOME]: () => Reveal.slide(0, 0),
    [END]: () => {
      const groups = Reveal.getHorizontalSlides();
      Reveal.slide(groups.length - 1, groups.at(-1).querySelectorAll("section").length - 1);
    },
  },
  // A body that scrolls and has the focus keeps the keys that scroll it.
  keyboardCondition: (event) => !(document.activeElement?.matches(".body[tabindex]") && SCROLLS.includes(event.key)),
});

function markScrolling() {
  for (const body of document.querySelectorAll("section.present .body")) {
    if (body.clientHeight === 0) continue;
    const scrolls = body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1;
    if (scrolls) {
      body.tabIndex = 0;
      body.setAttribute("role", "group");
      body.setAttribute("aria-label", "This slide's text, which scrolls");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) body.removeAttribute(name);
    }
  }
}

for (const event of ["ready", "slidechanged", "resize", "overviewhidden"]) Reveal.on(event, markScrolling);
