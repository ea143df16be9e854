/* last.js: the last message of a charger follows its log, from the rows that come anyway. It needs live.js. */
const rows = document.querySelector('#log .rows'), place = document.querySelector('#last');
const find = what => document.querySelector(`#last ${what}`);

/* What was fetched comes with its copying button hidden, as it is for who has no script. */
function copying() {
  for (const button of document.querySelectorAll('#last [data-copy][hidden]')) button.hidden = !navigator.clipboard;
}

/* The frame of a row that the charger sent: its message, or its answer to one of ours. */
function frameOf(row) {
  const frames = row.querySelectorAll('.frame pre'), sent = row.dataset.dir === 'out';
  const pre = row.dataset.dir === 'in' ? frames[0] : sent ? frames[1] : null;
  return pre ? {text: pre.dataset.raw ?? pre.textContent, sent} : null;
}

function show(row) {
  const got = frameOf(row), raw = find('#last-raw'), time = row.querySelector('time');
  if (!got) return;
  if (!raw) return window.hubLive.refresh('last');
  raw.textContent = got.text;
  find('[data-last-action]').textContent = row.querySelector('.act').textContent;
  find('[data-last-answer]').hidden = !got.sent;
  const age = find('header time'), foot = find('.raw-foot');
  age.dateTime = age.title = time.dateTime;
  age.textContent = '0 s';
  foot.firstChild.textContent = `${time.textContent} `;
  foot.querySelector('a').href = `?at=${row.dataset.seq}`;
}

if (rows && place) {
  let shown = Math.max(0, ...[...rows.querySelectorAll('.ln')].map(row => +row.dataset.seq));
  new MutationObserver(changes => {
    const added = changes.flatMap(change => [...change.addedNodes]).filter(node => node.nodeType === 1);
    const lines = added.flatMap(node => node.matches('.ln') ? [node] : [...node.querySelectorAll('.ln')]);
    for (const row of lines) if (+row.dataset.seq > shown) { shown = +row.dataset.seq; show(row); }
  }).observe(rows, {childList: true, subtree: true});
  new MutationObserver(copying).observe(place.parentElement, {childList: true, subtree: true, attributeFilter: ['hidden']});
  copying();
}
