// Keeps what is typed into a form that says `data-draft` on this device until it was sent.
"use strict";
(() => {
  const KEPT_FOR = 14 * 24 * 3600 * 1000;
  const NOT_KEPT = new Set(["csrfmiddlewaretoken", "contract", "follows", "seen", "kept_files"]);
  const form = () => document.querySelector("form[data-draft]");
  const key = (of) => `draft:${of.dataset.draft}`;
  let over = false; // sent or given up: nothing more is kept
  let timer;

  const typed = (of) =>
    [...new FormData(of)].filter(([name, value]) => typeof value === "string" && !NOT_KEPT.has(name));
  const store = (what) => {
    try {
      return what();
    } catch {
      return null; // no room, or not allowed: the form works without
    }
  };
  const save = () => {
    clearTimeout(timer);
    const of = form();
    if (of && !over) store(() => localStorage.setItem(key(of), JSON.stringify([Date.now(), typed(of)])));
  };
  const forget = (of) => {
    over = true;
    clearTimeout(timer);
    store(() => localStorage.removeItem(key(of)));
  };
  const kept = (of) =>
    store(() => {
      const [at, values] = JSON.parse(localStorage.getItem(key(of)));
      return Date.now() - at < KEPT_FOR ? values : null;
    });

  const put = (of, [name, value]) => {
    const field = of.elements[name];
    if (field instanceof RadioNodeList) {
      field.value = value;
    } else if (field) {
      field.value = value;
    } else {
      const hidden = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      of.querySelector("#asked")?.append(hidden); // not asked yet: the answer waits for its question
    }
  };
  const restore = () => {
    const of = form();
    const values = of && !("draftTold" in of.dataset) && kept(of);
    if (!values || JSON.stringify(values) === JSON.stringify(typed(of))) return;
    for (const pair of values) put(of, pair);
    of.querySelector("[data-draft-restored]").hidden = false;
    ask();
  };
  const ask = () => form()?.querySelector("[data-draft-ask]")?.dispatchEvent(new Event("change"));

  const offline = (is) => {
    const note = form()?.querySelector("[data-offline]");
    if (note) note.hidden = !is;
  };

  for (const event of ["input", "change"]) {
    document.addEventListener(event, (e) => {
      if (!e.target.closest?.("form[data-draft]")) return;
      clearTimeout(timer);
      timer = setTimeout(save, 300);
    });
  }
  addEventListener("pagehide", () => timer && save());
  addEventListener("load", restore);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-draft-discard]")) return;
    forget(form());
    location.replace(location.href);
  });
  document.addEventListener("htmx:sendError", () => offline(true));
  addEventListener("offline", () => offline(true));
  addEventListener("online", () => (offline(false), ask()));
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr } = event.detail;
    if (xhr.status < 200 || xhr.status >= 400) return;
    offline(false);
    if (elt === form() && xhr.getResponseHeader("HX-Redirect")) forget(elt);
  });
})();
