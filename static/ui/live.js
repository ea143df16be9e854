/* live.js: what every live page shares, over one WebSocket, and the overview. The log itself is in log.js.

   [data-live-url] is the table of the overview or the rows of a log. Frames from the server: log (rows, cursor), cell
   (small values, replaced by id), panel (a fragment is out of date), gap (rows left out), hb (heartbeat). The browser
   answers {"a": frames read}, so that a slow one is never sent more than it can take. After a drop it comes back with
   ?after=<cursor>; after 10 s without a socket it polls the same rows over HTTP every 5 s. States are told by the
   bubbling event live:state, detail {state: 'live' | 'lost' | 'stale' | 'ended'}. */

const IDLE = 40000, STALE = 10000, POLL = 5000, PANEL = 500;
const find = (what, where = document) => where.querySelector(what);
const make = (tag, name, text) => { const made = document.createElement(tag); made.className = name; made.textContent = text; return made; };
const parse = html => { const held = document.createElement('template'); held.innerHTML = html; return held.content; };
const two = number => String(number).padStart(2, '0');
const plural = (count, word) => `${count.toLocaleString('en').replaceAll(',', '\u2009')} ${word}${count === 1 ? '' : 's'}`;

function clock(moment, zone) {
  try { return new Intl.DateTimeFormat('en-GB', {timeStyle: 'medium', timeZone: zone}).format(moment); }
  catch { return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`; }
}

function say(text) {
  const place = find('#say');
  if (!place) return;
  const line = make('span', '', text);
  place.replaceChildren(line);
  setTimeout(() => line.remove(), 4000);
}

/* The socket: comes back by itself, watches for silence, acknowledges what it has read. */
function socket(box, address, take) {
  let ws, tries = 0, timer, dog, last = new Date(), lostAt = 0, staleTimer, ended = false;
  const tell = (state, more) => {
    document.documentElement.dataset.live = state;
    box.dispatchEvent(new CustomEvent('live:state', {bubbles: true, detail: {state, last, ...more}}));
  };
  const lost = () => {
    if (lostAt) return;
    lostAt = Date.now();
    tell('lost');
    staleTimer = setTimeout(() => tell('stale'), STALE);
  };
  const open = () => {
    clearTimeout(timer);
    if (ws) { ws.onclose = ws.onmessage = ws.onopen = null; ws.close(); }
    let frames = 0, read = 0, size = 0, opened = false;
    const mine = ws = new WebSocket(location.origin.replace(/^http/, 'ws') + address());
    const beat = () => { clearTimeout(dog); dog = setTimeout(() => mine.close(), IDLE); };
    const arrived = () => {
      opened = true; tries = 0; clearTimeout(staleTimer);
      const away = lostAt ? Date.now() - lostAt : 0;
      lostAt = 0;
      tell('live', {away, since: last});
    };
    beat();
    mine.onopen = () => { beat(); mine.send('{"a":0}'); };
    mine.onmessage = event => {
      beat();
      frames++; size += event.data.length;
      if (size > 32768 || frames - read > 50) { mine.send(`{"a":${frames}}`); read = frames; size = 0; }
      if (!opened) arrived();
      last = new Date();
      take(JSON.parse(event.data), mine);
    };
    mine.onclose = event => {
      clearTimeout(dog);
      if (!box.isConnected) return;
      if (event.code === 4401 || event.code === 4404) { ended = true; clearTimeout(staleTimer); return tell('ended', {code: event.code}); }
      lost();
      timer = setTimeout(open, Math.min(15000, 400 * 2 ** tries++) * (.7 + Math.random() * .6));
    };
  };
  const back = () => { if (!ended && box.isConnected && ws.readyState > 1) open(); };
  addEventListener('online', back);
  document.addEventListener('visibilitychange', () => document.hidden || back());
  open();
  return {reopen: open, send: frame => { if (ws.readyState === 1) ws.send(JSON.stringify(frame)); }};
}

/* The live mark of the page, and what happens while there is no socket. */
function watchState(box, zone, poll) {
  let poller = 0;
  box.addEventListener('live:state', ({detail}) => {
    clearInterval(poller);
    const {state, last, code} = detail;
    const words = {live: 'Live', ended: code === 4401 ? 'Signed out.' : 'No longer available to you.'}[state] || `Reconnecting, data from ${clock(last, zone)}`;
    for (const mark of document.querySelectorAll('[data-live-mark]')) {
      mark.hidden = false;
      mark.classList.toggle('lost', state !== 'live');
      const text = find('span', mark) || mark;
      text.textContent = words;
      if (code === 4401) { const link = make('a', '', ' Sign in again'); link.href = `/login/?next=${encodeURIComponent(location.pathname + location.search)}`; text.append(link); }
    }
    if (state === 'stale') { poll(); poller = setInterval(poll, POLL); }
    if (state === 'live' && detail.away) for (const panel of document.querySelectorAll('[data-panel-url]')) refresh(panel.id);
  });
}

/* Cells replace the element with their id. A value that only grew older does not flash. */
const ageless = html => html.replace(/<time\b[^>]*>.*?<\/time>/gs, '').replace(/ class="[^"]*"/g, '');
function cells(html) {
  for (const fresh of [...parse(html).children]) {
    const old = document.getElementById(fresh.id);
    if (!old) continue;
    if (ageless(old.outerHTML) !== ageless(fresh.outerHTML)) fresh.classList.add('just');
    old.replaceWith(fresh);
  }
}

/* Panels are fetched and morphed, so that a refresh never swallows a click; at most every 500 ms each. Not by
   htmx.ajax: what fails in the background is told by the live mark, not as the failure of something that was asked. */
async function pull(url, id) {
  const answer = await fetch(url, {headers: {'HX-Request': 'true'}}).catch(() => null);
  const panel = document.getElementById(id);
  if (!answer?.ok || answer.redirected || !panel) return;
  const html = await answer.text().catch(() => '');
  if (!html.includes(`id="${id}"`)) return;
  window.Idiomorph.morph(panel, html.trim(), {morphStyle: 'outerHTML'});
  window.htmx.process(document.getElementById(id));
}
const panels = new Map();
function refresh(id) {
  const known = panels.get(id) || {at: 0, timer: 0, busy: false, again: false};
  panels.set(id, known);
  if (known.busy) { known.again = true; return; }
  if (known.timer) return;
  known.timer = setTimeout(async () => {
    known.timer = 0;
    if (document.hidden) { known.again = true; return; }
    const url = document.getElementById(id)?.dataset.panelUrl;
    if (!url) return;
    known.busy = true; known.again = false; known.at = Date.now();
    await pull(url, id);
    known.busy = false;
    if (known.again) refresh(id);
  }, Math.max(0, known.at + PANEL - Date.now()));
}
document.addEventListener('visibilitychange', () => { if (!document.hidden) for (const [id, known] of panels) if (known.again) refresh(id); });

/* The overview: says which rows are on the screen, takes their cells. */
function overview(table) {
  let sent = '';
  const holder = () => find('table[data-live-url]');
  const rows = again => {
    const ids = [...document.querySelectorAll('tr[data-cp]')].slice(0, 300).map(row => +row.dataset.cp);
    if (!again && ids.join() === sent) return;
    sent = ids.join(); link.send({rows: ids});
  };
  const body = document.body;
  watchState(body, undefined, () => {
    pull(location.href, 'chargers').then(() => rows(false));
    for (const panel of document.querySelectorAll('[data-panel-url]')) refresh(panel.id);
  });
  body.addEventListener('live:state', ({detail}) => { if (detail.state === 'live') rows(true); });
  body.addEventListener('htmx:afterSettle', () => { if (holder()) rows(false); });
  const link = socket(body, () => table.dataset.liveUrl, frame => {
    if (frame.t === 'cell') cells(frame.h);
    else if (frame.t === 'panel') refresh(frame.id);
  });
}

/* Modules import nothing from each other: hashed file names would not be followed. */
window.hubLive = {find, make, parse, plural, clock, say, socket, watchState, cells, refresh};

const table = find('table[data-live-url]');
if (table) overview(table);
