// The few things a page needs beyond htmx and Bootstrap. Every page works without it.
"use strict";
(() => {
  const alertSlot = () => document.getElementById("alert");

  // A refusal lands in #alert: bring it to the reader, and empty the slot before the next request.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.detail.elt.matches("[data-quiet]")) alertSlot()?.replaceChildren();
  });
  // A form with errors comes back in place: its first wrong field takes the focus.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "alert") event.detail.target.focus();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    event.detail.elt.querySelector(".is-invalid")?.focus();
  });

  // A select or an input that says `data-submit` sends its form when it changes.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  // What is larger than its box can be scrolled with the keyboard.
  const reachable = () => {
    for (const box of document.querySelectorAll(".scroll, .charted .compact")) {
      if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("load", reachable);
  addEventListener("resize", reachable);
  document.addEventListener("htmx:afterSwap", reachable);
  document.addEventListener("toggle", reachable, true);

  // A form is sent once.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.defaultPrevented || event.target.method !== "post") return;
    setTimeout(() => (button.disabled = true));
    setTimeout(() => (button.disabled = false), 4000);
  });
})();
