/* desk.js: focus, dialogs, clocks and copying. Everything here is an addition: each page works without it. */
const byId = (id) => document.getElementById(id);
const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

/* Times that go on: <time data-age> in its two largest words, <time data-clock> as 00:28:50. */
const two = (number) => String(number).padStart(2, "0");
const hms = (s) => `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
function words(s) {
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  const [big, small, names] = s < 86400 ? [Math.floor(s / 3600), Math.floor(s / 60) % 60, ["h", "min"]] : [Math.floor(s / 86400), Math.floor(s / 3600) % 24, ["d", "h"]];
  return small ? `${big} ${names[0]} ${small} ${names[1]}` : `${big} ${names[0]}`;
}
function tick() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-age], time[data-clock]")) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000) - skew);
    const text = time.hasAttribute("data-clock") ? hms(seconds) : words(seconds);
    if (time.textContent !== text) time.textContent = text;
  }
}
/* The server's clock rules: a computer whose own clock is wrong would show wrong ages. */
const served = Date.parse(document.documentElement.dataset.now);
const loaded = performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
const skew = Number.isNaN(served) || Math.abs(loaded - served) < 3000 ? 0 : Math.round((loaded - served) / 1000);
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);

/* One line for everybody, also for screen readers. */
let quiet = 0;
function say(text, kind = "") {
  const line = document.createElement("span");
  line.className = kind;
  line.textContent = text;
  byId("say").replaceChildren(line);
  clearTimeout(quiet);
  quiet = setTimeout(() => byId("say").replaceChildren(), kind ? 12000 : 6000);
}
if (byId("say")?.childElementCount) quiet = setTimeout(() => byId("say").replaceChildren(), 6000);

/* Dialogs come as HTML and open themselves; without script the same address is a page. */
document.addEventListener("htmx:afterSettle", () => {
  for (const dialog of document.querySelectorAll("dialog[data-dialog]:not([open])")) {
    dialog.showModal();
    (dialog.querySelector("[autofocus], input:checked, .primary") ?? dialog).focus();
    dialog.addEventListener("close", () => dialog.remove());
  }
});
document.addEventListener("click", (event) => {
  const dialog = event.target.closest("dialog[data-dialog]");
  if (!dialog) return;
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  } else if (event.target === dialog) {
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close();
  }
});

/* What a person has opened stays open when its panel is refreshed. */
if (window.Idiomorph) window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => name !== "open" || node.tagName !== "DETAILS";

/* What is behind "More" closes like a dialog. */
const more = document.querySelector(".nav details.more");
document.addEventListener("click", (event) => { if (more?.open && !more.contains(event.target)) more.open = false; });
more?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !more.open) return;
  more.open = false;
  more.querySelector("summary").focus();
});

/* A command was queued: close its dialog, say so, show its life line. */
document.addEventListener("hub:command", (event) => {
  byId("action-dialog")?.close?.();
  say(event.detail.say);
  for (const id of ["commands", "actions"]) {
    const panel = byId(id);
    if (panel) htmx.ajax("GET", panel.dataset.panelUrl, {target: panel, swap: "morph"});
  }
});

document.addEventListener("htmx:configRequest", (event) => {
  const {parameters, verb} = event.detail;
  if (verb !== "get") return;
  for (const name of [...parameters.keys()]) if (parameters.get(name) === "") parameters.delete(name);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  /* The login ended: the answer is the sign-in page, which belongs into the whole window. */
  if (new URL(event.detail.xhr.responseURL || location.href).pathname === "/login/") {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
document.addEventListener("htmx:sendError", () => say("Hub cannot be reached. Nothing was sent.", "bad"));
document.addEventListener("htmx:responseError", (event) => {
  const text = {403: "Your role does not allow this.", 404: "It is not there any more."}[event.detail.xhr.status];
  say(text ?? `Hub could not do this (${event.detail.xhr.status}).`, "bad");
});

document.addEventListener("keydown", (event) => {
  if (document.documentElement.dataset.shortcuts === "off") return;
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const target = event.key === "/" ? byId("q") : event.key === "a" || event.key === "A" ? document.querySelector("#actions .btn:not([aria-disabled])") : null;
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.scrollIntoView({block: "nearest"});
});

/* Copying, also in dialogs that come later. */
function copies() {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = !navigator.clipboard;
}
copies();
document.addEventListener("htmx:afterSettle", copies);
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(byId(button.dataset.copy).textContent);
  say("Copied.");
});

/* Printing needs script, so its buttons come with it. */
for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });

/* What refreshes itself rests while nobody sees it. */
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.hasAttribute("data-poll")) event.preventDefault();
});

/* All boxes of a group at once. */
for (const button of document.querySelectorAll("[data-check]")) button.hidden = false;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-check]");
  for (const box of button ? button.closest("fieldset").querySelectorAll("input[type=checkbox]") : []) box.checked = button.dataset.check === "all";
});
