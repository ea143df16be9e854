/* page.js: shows what waits as saved, and the live parts as they are. Its markup is in _templates.html. */
{
  const {state, all, put, drop, flush, uuid} = window.hubOutbox, {body} = document, VALUE = state.part;
  const find = (what, from = document) => from.querySelector(what), each = (what, work, from = document) => from.querySelectorAll(what).forEach(work);
  const net = find('#net'), every = +body.dataset.poll, live = new Map(), counted = n => `${n} change${n === 1 ? '' : 's'}`;
  let wait = every, timer, version = body.dataset.version, kept = [];

  const glyph = (place, name) => { const use = find('use', place); use.setAttribute('href', use.getAttribute('href').replace(/#.*/, `#${name}`)); };

  function made(name, ...texts) {
    const one = find(`#t-${name}`).content.firstElementChild.cloneNode(true);
    each('[data-t]', place => { place.textContent = texts.shift(); }, one);
    return one;
  }

  /* `shown`: what the field had when nobody had typed. */
  const field = form => form.elements[VALUE[form.dataset.outbox]], isTyped = form => field(form).value !== form.shown;
  const fill = (form, value) => { form.shown = isTyped(form) ? value : (field(form).value = value, field(form).value); };
  const waiting = (some = kept) => some.filter(one => !one.refused).length, of = form => kept.filter(one => one.kind === form.dataset.outbox && one.row === +form.elements.row.value);

  function mark(form, sign, told) {
    if (form.sign === sign) return;
    form.sign = sign;
    const typed = field(form), said = told?.();
    each('.mark, .err', one => one.remove(), form);
    for (const name of ['invalid', 'describedby']) typed?.removeAttribute(`aria-${name}`);
    if (!said) return;
    form.insertBefore(said, find(':scope > button', form));
    if (typed && said.matches('.err')) {
      said.id = `${typed.id}-error`;
      typed.setAttribute('aria-invalid', true);
      typed.setAttribute('aria-describedby', said.id);
    }
  }

  function refusal(form, entry) {
    const {error, yours, theirs} = entry.refused, {seen} = form.elements;
    const said = theirs === undefined ? made('refused', error) : made('clash', yours || 'empty', theirs || 'empty');
    if (!seen) find('button + button', said).remove();
    // It is read now: what is sent next is sent knowing it.
    else if (theirs !== undefined) seen.value = theirs;
    find('button', said).onclick = () => {
      if (seen) field(form).value = form.shown = seen.value;
      drop(entry);
    };
    return said;
  }

  /* At its field what waits or was refused, in the others what the server has, but never where somebody types. */
  function settle() {
    each('form[data-outbox]', form => {
      const {outbox: kind} = form.dataset, mine = of(form);
      if (kind === 'photo') return strip(form, mine);
      const last = kind === 'photo-removed' ? mine.find(one => one.fields.photo === form.elements.photo.value) : mine.pop(), refused = last?.refused;
      form.closest('li')?.classList.toggle('going', !!last && !refused);
      if (kind in VALUE) {
        const lock = find('[data-live=lock]', form.closest('.chg')).dataset, value = last?.fields[VALUE[kind]];
        if (!last && !isTyped(form) && document.activeElement !== field(form)) fill(form, form.elements.seen.value = lock[kind]);
        if (last) if (refused || form.shown === form.elements.seen.value) fill(form, value); else form.shown = value;
        each('fieldset', place => { place.disabled = lock.locked === 'true'; }, form);
      }
      if (last || form.sign?.[0] !== '?') mark(form, last && last.id + !!refused, last && (() => refused ? refusal(form, last) : made('waits')));
    });
    each('.chg', row => {
      const mine = kept.filter(one => one.row === +row.dataset.row), refused = mine.length - waiting(mine), tag = find('.left', row);
      tag.hidden = !mine.length;
      tag.className = `tag left ${refused ? 'bad' : 'warn'}`;
      tag.textContent = refused ? `${refused} refused` : `${mine.length} not sent yet`;
    });
    each('[data-copy]', button => { button.hidden = !navigator.clipboard; });
  }

  function strip(form, mine) {
    const list = find('.kept', form.parentElement), sign = mine.map(one => one.id + !!one.refused).join();
    if (form.sign === sign) return;
    form.sign = sign;
    list.replaceChildren(...mine.map(one => {
      const item = made('photo', one.refused?.error), picture = find('img', item);
      picture.onload = () => URL.revokeObjectURL(picture.src);
      picture.src = URL.createObjectURL(one.blob);
      item.className = one.refused ? 'bad' : 'going';
      find('button', item).onclick = () => drop(one);
      return item;
    }));
  }

  function banner() {
    const left = waiting(), refused = kept.length - left, isOff = state.failed || !navigator.onLine;
    const held = left ? `${counted(left)} kept here` : '', said =
      isOff ? ['off', 'cloud-off', navigator.onLine ? 'No answer' : 'No network', held] :
      left && state.sending ? ['go', 'cloud-upload', 'Sending …', `${counted(left)} left${state.progress ? `, ${state.progress} %` : ''}`] :
      refused ? ['off bad', 'triangle-alert', `${counted(refused)} ${refused === 1 ? 'was' : 'were'} refused`, held] :
      left ? ['off', 'hourglass', held, ''] : ['', 'check', 'All saved', state.savedAt];
    body.toggleAttribute('data-offline', isOff);
    if (net.sign === String(said)) return;
    net.sign = String(said);
    net.className = `net ${said[0]}`;
    glyph(net, said[1]);
    find('span', net).textContent = said[2];
    find('small', net).textContent = said[3];
  }

  /* A phone that keeps nothing sends the form as it is. */
  const send = (form, fields, blob) => put({kind: form.dataset.outbox, row: +form.elements.row.value, fields, name: find('h2', form.closest('.chg')).textContent, blob}).catch(() => form.submit());

  async function keep(form) {
    const {outbox: kind} = form.dataset, {kind: _, row, photo, ...fields} = Object.fromEntries(new FormData(form));
    if (kind === 'photo') {
      form.elements.photo.value = '';
      return photo.size && send(form, fields, await shrunk(photo));
    }
    if (kind in VALUE) {
      const typed = field(form);
      if (kind === 'identity') fields.value = typed.value = typed.value.trim();
      if (!typed.validity.valid) return mark(form, `?${typed.value}`, () => made('error', typed.title));
      if (!isTyped(form) && !of(form).some(one => one.refused)) return mark(form);
      form.shown = typed.value;
    }
    await send(form, kind === 'photo-removed' ? {photo} : fields);
    if (kind === 'skip') form.reset();
  }

  /* 1600 pixels, nothing of the camera; as it came where it cannot be read. */
  async function shrunk(file) {
    try {
      const picture = await createImageBitmap(file, {imageOrientation: 'from-image'}), canvas = document.createElement('canvas');
      const by = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      canvas.width = picture.width * by;
      canvas.height = picture.height * by;
      canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
      return await new Promise(done => canvas.toBlob(blob => done(blob ?? file), 'image/jpeg', .8));
    } catch { return file; }
  }

  const complain = (place, why) => { each('.err', one => one.remove(), place); if (why) place.prepend(made('error', why)); };

  /* At once or not at all: remote actions, the test, taking over a password. */
  async function act(form, button) {
    let told = '';
    button.disabled = true;
    try {
      const answer = await fetch(form.action, {method: 'POST', body: new URLSearchParams(new FormData(form, button)), headers: {'Idempotency-Key': form.key ??= uuid()}, signal: AbortSignal.timeout?.(20000)});
      form.key = null;
      if (!answer.ok) told = (await answer.json().catch(() => ({}))).error ?? 'Try again.';
    } catch { told = 'No answer. Try again.'; }
    button.disabled = false;
    complain(form, told);
    soon();
  }

  function finish(event, place) {
    const left = waiting(), why = left ? `${counted(left)} must be sent first.` : navigator.onLine ? '' : 'This needs network.';
    if (why) event.preventDefault();
    complain(place, why);
  }

  /* The focus stays where it was. */
  function renew(html) {
    const fresh = new DOMParser().parseFromString(html, 'text/html'), parts = [...fresh.querySelectorAll('[data-live]')];
    if (parts.length !== live.size || parts.some(one => !live.has(one.id)) || find('[data-over]', fresh) && !find('[data-over]')) return again();
    for (const one of parts) {
      const now = document.getElementById(one.id), text = one.outerHTML, inside = () => [...now.querySelectorAll('a, button, summary')];
      if (live.get(one.id) === text) continue;
      live.set(one.id, text);
      const at = inside().indexOf(document.activeElement);
      for (const {name, value} of one.attributes) now.setAttribute(name, value);
      now.replaceChildren(...one.childNodes);
      inside()[at]?.focus();
    }
    settle();
  }

  /* Dead, wants its PIN, or another job. Once a minute at most: the answer may be what the phone keeps. */
  async function again() {
    if (Date.now() - (history.state ?? 0) < 60000) return;
    for (const form of document.forms) if (form.dataset.outbox in VALUE && isTyped(form)) await keep(form);
    history.replaceState(Date.now(), '');
    location.reload();
  }

  async function poll() {
    clearTimeout(timer);
    if (document.hidden || !every) return;
    const was = state.failed;
    try {
      const answer = await fetch(`${state.base}state/?v=${version}`, {redirect: 'error', signal: AbortSignal.timeout?.(10000)}), {status} = answer;
      state.failed = !answer.headers.has('X-Robots-Tag') || status >= 500;
      wait = Math.min(wait * 1.2, 5 * every);
      if (!state.failed && (status === 404 || status === 401)) return again();
      if (!state.failed && status === 200) {
        version = answer.headers.get('ETag').slice(1, -1);
        wait = every;
        renew(await answer.text());
      }
    } catch {
      state.failed = true;
      wait = Math.min(wait * 2, 8 * every);
    }
    if (was && !state.failed) flush();
    banner();
    clearTimeout(timer);
    timer = setTimeout(poll, wait);
  }

  function soon() { wait = every; poll(); }

  async function refresh() {
    kept = await all().catch(() => []);
    settle();
    banner();
  }

  addEventListener('outbox', async ({detail}) => {
    const sent = detail?.sent;
    for (const form of sent ? document.forms : []) {
      const {outbox: kind} = form.dataset;
      if (kind !== sent.kind || !(kind in VALUE) || +form.elements.row.value !== sent.row) continue;
      fill(form, form.elements.seen.value = find('[data-live=lock]', form.closest('.chg')).dataset[kind] = detail.answer[kind] ?? '');
    }
    if (state.dead) again();
    await refresh();
    if (!sent) return;
    soon();
    // What is kept for hours without network is the page with these changes.
    if (!kept.length && navigator.serviceWorker?.controller) fetch(state.base).catch(() => {});
  });
  for (const name of ['online', 'offline', 'visibilitychange']) addEventListener(name, () => { refresh(); soon(); });

  document.addEventListener('submit', event => {
    const form = event.target, {dataset} = form;
    if ('final' in dataset) return finish(event, form);
    if ('outbox' in dataset) keep(form); else if ('action' in dataset || 'pairing' in dataset) act(form, event.submitter); else return;
    event.preventDefault();
  });
  document.addEventListener('change', ({target}) => { if (target.matches('[data-photo], [data-outbox] [name=value]')) keep(target.form); });
  document.addEventListener('click', async event => {
    const button = event.target.closest('[data-copy], [data-scan], .dock a'), {copy, scan} = button?.dataset ?? {};
    if (scan) window.hubScan ? hubScan(button) : body.append(Object.assign(document.createElement('script'), {src: scan, onload: () => hubScan(button)}));
    else if (copy) {
      await navigator.clipboard.writeText(find(`#${copy}`).textContent);
      glyph(button, 'check');
    } else if (button) finish(event, button.parentElement);
  });

  each('form[data-outbox]', form => {
    if (!(form.dataset.outbox in VALUE)) return;
    form.noValidate = true;
    form.shown = form.elements.seen.value = form.elements.seen.defaultValue;
  });
  each('[data-live]', one => live.set(one.id, one.outerHTML));
  body.dataset.on = window.BarcodeDetector && navigator.mediaDevices ? 'scan' : '';
  refresh().then(() => { flush(); poll(); });
  if (find('.dock')) navigator.serviceWorker?.register(`${state.base}sw.js`).catch(() => {});
}
