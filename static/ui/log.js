/* log.js: the live log of one charge point. It needs live.js, loaded before it.

   Rows stand in chunks of 100 (full ones are contained, see app.css), at most 10,000; the newest is at the bottom. What
   comes while the log is paused is kept aside, up to 5,000 rows; beyond that it is asked for again on resuming. */

const {find, make, parse, plural, clock, say, socket, watchState, cells, refresh} = window.hubLive;
const MAX_ROWS = 10000, MAX_HELD = 5000, CHUNK = 100;

/* JSON laid out for reading: the frame's own array on one line, payloads below each other. Tokens stay as the charger
   wrote them; what is not JSON stays as it is. */
const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null)|([[\]{},:]))/y;
function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  for (let match; TOKEN.lastIndex < text.length && (match = TOKEN.exec(text));) found.push(match);
  return found.length && text.slice(found.at(-1).index + found.at(-1)[0].length).trim() === '' ? found : null;
}
function pretty(pre) {
  if (pre.dataset.done) return;
  pre.dataset.done = '1';
  const found = tokens(pre.textContent);
  if (!found) return;
  const out = document.createDocumentFragment();
  let depth = 0;
  const line = () => out.append(`\n${'  '.repeat(depth)}`);
  found.forEach((match, at) => {
    const [, string, number, word, mark] = match, next = found[at + 1]?.[4];
    if (string) out.append(make('span', next === ':' ? 'k' : 'v', string));
    else if (number || word) out.append(make('span', 'x', number || word));
    else if ('[{'.includes(mark)) { out.append(mark); if (at && !']}'.includes(next)) { depth++; line(); } }
    else if (']}'.includes(mark)) { if (depth && !'[{'.includes(found[at - 1][4] || ' ')) { depth--; line(); } out.append(mark); }
    else if (mark === ',') { out.append(','); if (depth) line(); else out.append(' '); }
    else out.append(': ');
  });
  pre.dataset.raw = pre.textContent;
  pre.replaceChildren(out);
}
const rawOf = row => [...row.querySelectorAll('pre')].map(pre => pre.dataset.raw ?? pre.textContent).join('\n');

async function copy(text, what) {
  try { await navigator.clipboard.writeText(text); }
  catch {
    const area = make('textarea', 'vh', ''); area.value = text;
    document.body.append(area); area.select(); document.execCommand('copy'); area.remove();
  }
  say(`${what} copied`);
}

/* Where rows go: chunks of 100, days told apart, runs of MeterValues and Heartbeats folded. */
class Sink {
  constructor(root, today) { this.root = root; this.today = today; this.tail = null; this.day = ''; }
  get room() {
    if (!this.tail || this.tail.childElementCount >= CHUNK) {
      this.tail?.classList.add('full');
      this.tail = make('div', 'chunk', '');
      this.root.append(this.tail);
    }
    return this.tail;
  }
  place(row) {
    const day = row.dataset.day;
    if (day && day !== this.day) {
      if (this.day || day !== this.today) this.room.append(dayMark(day));
      this.day = day;
    }
    const last = this.tail?.lastElementChild;
    if (row.dataset.fold && last?.matches('.folded') && last.childElementCount <= CHUNK) this.fold(last, row);
    else if (row.dataset.fold && last?.matches('.ln[data-fold]:not([open], .mark)') && !row.open) {
      const group = make('details', 'folded', '');
      group.append(make('summary', 'folds', ''));
      last.replaceWith(group);
      this.fold(group, last); this.fold(group, row);
    } else this.room.append(row);
  }
  fold(group, row) {
    group.append(row);
    group.classList.add(row.classList.contains('c-meter') ? 'has-meter' : 'has-state');
    const names = [...group.querySelectorAll('.ln')].map(line => line.dataset.fold);
    const of = name => names.filter(each => each === name).length;
    const parts = [of('MeterValues') && `${of('MeterValues')} MeterValues`, of('Heartbeat') && plural(of('Heartbeat'), 'Heartbeat')].filter(Boolean);
    const until = find('time', row).textContent.slice(0, 8);
    find('summary', group).replaceChildren(`${parts.join(' and ')} folded, last at ${until}.`, make('u', '', 'Show'));
  }
}
function dayMark(day) {
  const words = new Intl.DateTimeFormat('en-GB', {dateStyle: 'full', timeZone: 'UTC'}).format(new Date(`${day}T00:00:00Z`));
  const mark = make('div', 'day', words);
  mark.dataset.day = day;
  return mark;
}

/* The log of one charge point. */
function log(card) {
  const box = find('.rows', card), lines = find('.lines', card), pause = find('#pause', card), pill = find('.newrows', card);
  const older = find('[data-older]', card), search = find('[data-log-search]', card), foot = find('[data-log-foot]', card);
  const {liveUrl, rowsUrl, linesUrl, zone, at} = box.dataset;
  const today = new Intl.DateTimeFormat('sv-SE', {dateStyle: 'short', timeZone: zone}).format(new Date());
  let cursor = +box.dataset.cursor || 0, first = +box.dataset.first || 0, shown = 0, total = 0, sink = new Sink(box, today);
  let coming = [], waiting = 0, held = [], heldCount = 0, overflow = false, byItself = false, query = search.value.trim().toLowerCase();
  let caughtUp = 0, catching = 0, unseen = 0, away = null;
  const title = document.title, counts = {};

  const count = (row, by) => {
    total += by;
    for (const name of [...row.classList].filter(each => each.startsWith('c-') || each === 'err')) counts[name] = (counts[name] || 0) + by;
  };
  const tally = () => {
    for (const chip of card.querySelectorAll('[data-count]')) chip.textContent = counts[chip.dataset.count] || 0;
    const since = find('.ln time', box)?.textContent.slice(0, 5);
    foot.textContent = since ? `${plural(total, 'line')} since ${since}${caughtUp ? `, ${caughtUp} caught up after the last reconnect` : ''}` : '';
    card.classList.toggle('is-empty', !total);
  };
  const matches = row => !query || [...row.querySelectorAll('.act, .tx, pre')].some(part => (part.dataset.raw ?? part.textContent).toLowerCase().includes(query));
  const put = (nodes, chosen = false) => {
    let gap = null;
    for (const node of nodes) {
      if (node.matches('.gap')) { gap = node; continue; }
      const seq = +node.dataset.seq;
      if (seq > shown) {
        shown = seq; first ||= seq;
        if (chosen || matches(node)) {
          if (away) { sink.room.append(away); away = null; }
          if (gap && !query) sink.room.append(gap);
          sink.place(node); count(node, 1);
          if (catching > Date.now()) caughtUp++;
          if (document.hidden) unseen++;
        }
      }
      gap = null;
    }
    while (total > MAX_ROWS && box.firstElementChild !== sink.tail) {
      for (const row of box.firstElementChild.querySelectorAll('.ln')) count(row, -1);
      box.firstElementChild.remove();
      first = +(find('.ln', box)?.dataset.seq || 0); older.hidden = false;
    }
    if (unseen) document.title = `(${unseen}) ${title}`;
    tally();
  };
  const clear = () => {
    box.replaceChildren();
    for (const name of Object.keys(counts)) counts[name] = 0;
    total = caughtUp = first = 0; sink = new Sink(box, today);
  };
  const flush = () => { waiting = 0; const html = coming.join(''); coming = []; put([...parse(html).children]); };
  const later = () => { waiting ||= document.hidden ? setTimeout(flush, 250) : requestAnimationFrame(flush); };
  const take = html => {
    if (!pause.checked) { coming.push(html); return later(); }
    heldCount += html.split(' data-seq="').length - 1;
    if (heldCount > MAX_HELD) { overflow = true; held = []; } else held.push(html);
    tellHeld();
  };
  const tellHeld = () => { find('span', pill).textContent = heldCount ? plural(heldCount, 'new line') : 'Go to the newest line'; pill.hidden = !heldCount && !at && lines.scrollTop > -40; };

  /* Pausing: by hand, by scrolling up, by opening a line. Only what happened by itself ends by itself. */
  const paused = (on, own) => {
    if (on === pause.checked) return;
    if (!on && at) { location.assign(location.pathname); return; }
    pause.checked = on; byItself = on && own;
    if (on) { find('.is-paused', foot.parentElement).textContent = `Paused at ${clock(new Date(), zone)}`; tellHeld(); return; }
    const html = held; held = []; heldCount = 0; pill.hidden = true;
    if (overflow) { overflow = false; cursor = shown; link.reopen(); } else { coming.push(...html); flush(); }
  };
  const resume = () => { paused(false); lines.scrollTop = 0; };
  pause.addEventListener('change', () => { const on = pause.checked; pause.checked = !on; on ? paused(true, false) : resume(); });
  pill.addEventListener('click', resume);
  lines.addEventListener('scroll', () => {
    if (lines.scrollTop < -40) paused(true, true);
    else if (byItself && lines.scrollTop > -4 && !find('.ln[open]', box)) paused(false);
  }, {passive: true});

  /* A line opens in place. */
  const opened = async row => {
    if (!find('.bar2', row)) find('.frame', row).append(find('#log-tools').content.cloneNode(true));
    if ('cut' in row.dataset) {
      delete row.dataset.cut;
      const whole = await (await fetch(`${linesUrl}${row.dataset.seq}/raw/`)).json();
      const texts = [whole.request, whole.answer].filter(Boolean);
      row.querySelectorAll('pre').forEach((pre, index) => { pre.textContent = texts[index]; });
    }
    row.querySelectorAll('pre').forEach(pretty);
  };
  box.addEventListener('toggle', event => {
    const row = event.target.closest('.ln');
    if (!row || event.target !== row) return;
    if (row.open) { opened(row); paused(true, true); }
    else if (byItself && lines.scrollTop > -4 && !find('.ln[open]', box)) paused(false);
  }, true);
  const acts = {
    copy: row => copy(rawOf(row), 'JSON'),
    link: row => copy(`${location.origin}${linesUrl}${row.dataset.seq}/`, 'Link'),
    only: row => { search.value = find('.act', row).textContent; filter(); },
  };
  box.addEventListener('click', event => {
    const name = event.target.closest('[data-do]')?.dataset.do, row = event.target.closest('.ln');
    if (name && row) acts[name](row);
  });

  /* Other rows than the newest: older ones, and those with a text in them. */
  const fetched = async parameters => {
    const answer = await fetch(`${rowsUrl}?${new URLSearchParams(parameters)}`, {headers: {'X-Requested-With': 'live'}});
    if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
    return {rows: [...parse(await answer.text()).children], cursor: +answer.headers.get('X-Log-Cursor'), more: answer.headers.get('X-Log-More') === '1'};
  };
  const loadOlder = async () => {
    if (older.dataset.busy) return;
    older.dataset.busy = '1';
    try {
      const page = await fetched({before: first, ...(query && {q: query})});
      const part = document.createDocumentFragment(), above = new Sink(part, today);
      for (const node of page.rows) { if (node.matches('.ln')) { above.place(node); count(node, 1); } else above.room.append(node); }
      const top = find('.chunk', box)?.firstElementChild, oldest = page.rows.find(node => node.dataset.seq);
      if (top?.matches('.day') && top.dataset.day === above.day) top.remove();
      else if (top && !top.matches('.day') && above.day && above.day !== today) top.before(dayMark(today));
      above.tail?.classList.add('full');
      box.prepend(part);
      if (oldest) first = +oldest.dataset.seq;
      older.hidden = !page.more;
      tally();
    } catch { say('Older lines could not be loaded'); }
    delete older.dataset.busy;
  };
  older.addEventListener('click', event => { event.preventDefault(); loadOlder(); });
  let filtering = 0;
  const filter = () => {
    clearTimeout(filtering);
    filtering = setTimeout(async () => {
      query = search.value.trim().toLowerCase();
      remember();
      if (at) { location.assign(location.href.replace(/#.*/, '').replace(/([?&])at=\d+&?/, '$1')); return; }
      try {
        const page = await fetched(query ? {q: query} : {});
        clear(); shown = 0;
        put(page.rows, true);
        shown = Math.max(shown, page.cursor); first ||= page.cursor;
        older.hidden = !page.more;
      } catch { say('The log could not be searched'); }
    }, 300);
  };
  search.addEventListener('input', filter);

  /* The address remembers what is shown. */
  const boxes = [...card.querySelectorAll('.chips input')];
  const remember = () => {
    const url = new URL(location.href), hidden = boxes.filter(each => each.dataset.category && !each.checked).map(each => each.dataset.category);
    const set = (name, value) => value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
    set('hide', hidden.join(',')); set('errors', find('#f-err', card).checked ? '1' : ''); set('q', query);
    history.replaceState(history.state, '', url);
  };
  for (const each of boxes) each.addEventListener('change', remember);
  const wrap = find('[data-wrap]', card), wrapped = on => { card.classList.toggle('wrap', on); wrap.setAttribute('aria-pressed', on); };
  const stored = () => { try { return localStorage.getItem('log-wrap') === '1'; } catch { return false; } };
  wrapped(stored());
  wrap.addEventListener('click', () => {
    wrapped(!card.classList.contains('wrap'));
    try { localStorage.setItem('log-wrap', card.classList.contains('wrap') ? '1' : '0'); } catch { /* not remembered */ }
  });

  /* Keys. */
  const step = by => {
    const all = [...box.querySelectorAll('.ln')];
    const now = all.indexOf(document.activeElement.closest?.('.ln'));
    for (let next = now < 0 ? all.length - 1 : now + by; all[next]; next += by < 0 ? -1 : 1) {
      if (all[next].offsetParent && find('summary', all[next]).checkVisibility()) { find('summary', all[next]).focus(); return; }
    }
  };
  const current = () => document.activeElement.closest?.('.ln') || [...box.querySelectorAll('.ln[open]')].at(-1);
  const keys = {
    j: () => step(1), k: () => step(-1), e: () => find('#f-err', card).click(),
    c: () => { const row = current(); if (row) acts.copy(row); }, l: () => { const row = current(); if (row) acts.link(row); },
    ' ': () => pause.click(),
  };
  [...card.querySelectorAll('[data-category]')].forEach((chip, index) => { keys[index + 1] = () => chip.click(); });
  document.addEventListener('keydown', event => {
    if (document.documentElement.dataset.shortcuts === 'off') return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || find('dialog[open]')) return;
    const target = event.target;
    if (target.matches('input:not([type=checkbox]), textarea, select, [contenteditable]')) return;
    if (event.key === ' ' && !target.matches('body, .lines, main')) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act) { event.preventDefault(); act(); }
  });

  /* The stream. */
  const poll = async () => {
    try { const page = await fetched({after: cursor}); cursor = page.cursor; take(page.rows.map(row => row.outerHTML).join('')); if (page.more) poll(); }
    catch { /* still away */ }
  };
  const start = [...box.querySelectorAll(':scope .gap, :scope .ln')];
  box.replaceChildren();
  put(start, true);
  shown = Math.max(shown, at ? 0 : cursor);
  document.addEventListener('visibilitychange', () => {
    if (coming.length) flush();
    if (!document.hidden) { unseen = 0; document.title = title; }
  });
  watchState(box, zone, poll);
  box.addEventListener('live:state', ({detail}) => {
    if (detail.state !== 'live' || !detail.away) return;
    caughtUp = 0; catching = Date.now() + 2000;
    if (detail.away > 3000 && !pause.checked) away = make('div', 'gap', `This page was not connected for ${Math.round(detail.away / 1000)} s. What follows was caught up.`);
  });
  const link = socket(box, () => `${liveUrl}?after=${cursor}`, frame => {
    if (frame.t === 'log') { if (frame.c > cursor) { cursor = frame.c; take(frame.h); } }
    else if (frame.t === 'panel') refresh(frame.id);
    else if (frame.t === 'cell') cells(frame.h);
    else if (frame.t === 'gap' && pause.checked) { overflow = true; heldCount = MAX_HELD + 1; held = []; }
    else if (frame.t === 'gap') {
      flush(); clear(); older.hidden = false;
      away = make('div', 'gap', `${plural(frame.n, 'line')} above not shown. "Older lines" goes back to them.`);
    }
  });
  if (at) {
    pause.checked = true;
    tellHeld();
    const row = document.getElementById(`m${at}`);
    if (row) { opened(row); row.scrollIntoView({block: 'center'}); }
  }
}

const card = find('.log[data-log]');
if (card) log(card);
