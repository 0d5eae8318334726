// A ticket that keeps itself up to date: only while it is seen, and never over what somebody types.
"use strict";
(() => {
  const OURS = /^ticket-/;
  const open = new Map(); // which of a part's details were open, by the part's id

  const atFirst = (select) => Math.max(0, [...select.options].findIndex((one) => one.defaultSelected));
  const touched = (field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field instanceof HTMLSelectElement) return field.selectedIndex !== atFirst(field);
    return field.value !== field.defaultValue;
  };
  const isBusy = (part) =>
    (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) ||
    [...part.querySelectorAll("input, textarea, select")].some(touched);

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id === "ticket-poll" && document.hidden) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && document.getElementById("ticket-poll")) htmx.trigger("#ticket-poll", "wake");
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const part = event.detail.target;
    if (!OURS.test(part.id)) return;
    if (isBusy(part)) {
      event.detail.shouldSwap = false;
      document.getElementById("ticket-news").hidden = false;
      return;
    }
    open.set(part.id, [...part.querySelectorAll("details")].map((one) => one.open));
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const part = document.getElementById(event.detail.target.id);
    const before = part && open.get(part.id);
    const now = part ? [...part.querySelectorAll("details")] : [];
    if (before && before.length === now.length) now.forEach((one, n) => (one.open = before[n]));
  });
})();
