// Keyboard shortcuts: what the dialog lists, and only that. Never while somebody types, and off when they say so.
"use strict";
(() => {
  const OFF = "keys-off";
  const dialog = () => document.getElementById("keys");
  const isOff = () => {
    try {
      return localStorage.getItem(OFF) === "1";
    } catch {
      return false;
    }
  };
  const isTyping = (at) => at.closest("input, textarea, select, [contenteditable], dialog[open]") !== null;
  let before = ""; // the first key of two
  let timer;

  const search = () => {
    const field = document.querySelector("main [role=search] :is([type=search], [type=text])");
    if (field) field.focus();
    return Boolean(field);
  };
  const show = () => {
    dialog().querySelector("[data-keys-on]").checked = !isOff();
    dialog().showModal();
  };

  document.addEventListener("keydown", (event) => {
    if (!dialog() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const pressed = before ? `${before} ${event.key}` : event.key;
    before = "";
    clearTimeout(timer);
    if (pressed === "?") {
      event.preventDefault();
      show();
    }
    if (isOff()) return;
    if (pressed === "g") {
      before = "g";
      timer = setTimeout(() => (before = ""), 1500);
      return;
    }
    const row = dialog().querySelector(`[data-keys="${CSS.escape(pressed)}"]`);
    if (!row) return;
    event.preventDefault();
    if (pressed !== "/" || !search()) location.assign(row.dataset.url);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-show]")) show();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-on]")) localStorage.setItem(OFF, event.target.checked ? "0" : "1");
  });
  addEventListener("load", () => location.hash === "#search" && search());
})();
