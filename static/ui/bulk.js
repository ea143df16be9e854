/* bulk.js: choosing chargers in the table of the overview. X chooses the row that has the focus, Shift and a click all
   from the last one on. Without script the boxes and the bar work all the same; this adds keys, ranges and counts.

   The chosen ones are remembered here, because a table that is fetched anew comes without its ticks. Whoever is not in
   the table any more is not chosen any more: what is sent is what is seen. */
const chosen = new Set(), boxes = () => [...document.querySelectorAll('#chargers .pick')];
let last = '';

function tell() {
  const all = boxes(), bar = document.getElementById('bulk');
  if (!bar) return;
  const everything = bar.querySelector('[name=all]')?.checked;
  const count = bar.querySelector('[data-picked]'), text = everything ? 'All chosen' : `${chosen.size} chosen`;
  if (count.textContent !== text) count.textContent = text;
  for (const label of document.querySelectorAll('[data-pick-all]')) {
    label.hidden = false;
    const box = label.querySelector('input');
    box.checked = all.length > 0 && chosen.size === all.length;
    box.indeterminate = chosen.size > 0 && !box.checked;
  }
}

/* The table was replaced, in whole or in part: put the ticks back, and forget who has gone. */
function restore() {
  const all = boxes(), there = new Set(all.map(box => box.value));
  for (const id of chosen) if (!there.has(id)) chosen.delete(id);
  for (const box of all) box.checked = chosen.has(box.value);
  tell();
}

function choose(box, on) {
  box.checked = on;
  if (on) chosen.add(box.value); else chosen.delete(box.value);
}

document.addEventListener('click', event => {
  const box = event.target.closest?.('#chargers .pick');
  if (!box) return;
  const all = boxes(), from = all.findIndex(each => each.value === last), to = all.indexOf(box);
  if (event.shiftKey && from >= 0) for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) choose(each, box.checked);
  else choose(box, box.checked);
  last = box.value;
  tell();
});
document.addEventListener('change', event => {
  const whole = event.target.closest?.('[data-pick-all]');
  if (whole) for (const box of boxes()) choose(box, event.target.checked);
  if (whole || event.target.name === 'all') tell();
});
document.addEventListener('reset', event => {
  if (event.target.id !== 'bulk') return;
  chosen.clear();
  setTimeout(restore);
});
document.addEventListener('keydown', event => {
  const off = document.documentElement.dataset.shortcuts === 'off' || document.querySelector('dialog[open]');
  if (off || event.key.toLowerCase() !== 'x' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('textarea, select, [contenteditable], input:not([type=checkbox])')) return;
  const box = document.activeElement?.closest('tr')?.querySelector('.pick');
  if (!box) return;
  event.preventDefault();
  choose(box, !box.checked);
  last = box.value;
  tell();
});

/* A browser that goes back keeps the ticks of the page that was left. */
function read() {
  for (const box of boxes()) if (box.checked) chosen.add(box.value);
  tell();
}
addEventListener('pageshow', read);
read();
const place = document.getElementById('chargers')?.parentElement;
if (place) {
  let asked = false;
  new MutationObserver(() => {
    if (asked) return;
    asked = true;
    queueMicrotask(() => { asked = false; restore(); });
  }).observe(place, {childList: true, subtree: true, attributes: true, attributeFilter: ['checked']});
}
