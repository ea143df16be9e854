/* outbox.js: what is changed on the page of a job is kept on the phone first, under a key of its own, and sent in order until the
   server has answered. A key is never used for something else, so sending twice is harmless. `hubOutbox` is for page.js and left.js;
   the event `outbox` on window tells that something is another way now. */
{
  const base = document.body.dataset.base || `${location.pathname.split('/').slice(0, 3).join('/')}/`;
  const NAME = `hub ${base}`, LONGEST = 60000, PART = {identity: 'value', connector: 'value', note: 'text'};
  const state = {base, name: NAME, part: PART, sending: 0, progress: 0, failed: false, pin: false, dead: false, savedAt: ''};
  let opened, busy = false, again = false, tries = 0, timer = 0;

  const tell = detail => dispatchEvent(new CustomEvent('outbox', {detail}));
  // crypto.randomUUID is not there without TLS.
  const uuid = () => '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, c => (c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> c / 4).toString(16));

  const db = () => opened ??= new Promise((ok, no) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore('q', {keyPath: 'id', autoIncrement: true});
    asked.onsuccess = () => { asked.result.onversionchange = () => asked.result.close(); ok(asked.result); };
    asked.onerror = () => no(asked.error);
  });

  /* Strict: on the disk when it is done, and not only on its way there; batteries die. */
  async function store(mode, work) {
    const doing = (await db()).transaction('q', mode, {durability: 'strict'});
    return new Promise((ok, no) => {
      const asked = work(doing.objectStore('q'));
      doing.oncomplete = () => ok(asked?.result);
      doing.onabort = doing.onerror = () => no(doing.error);
    });
  }

  const all = () => store('readonly', kept => kept.getAll());
  const drop = async entry => { await store('readwrite', kept => kept.delete(entry.id)); tell(); };

  /* Keep a change. One of the same field that was never sent is replaced, and so is one that was refused. */
  async function put(entry) {
    const part = PART[entry.kind];
    await store('readwrite', kept => {
      const asked = kept.getAll();
      asked.onsuccess = () => {
        const same = part ? asked.result.filter(one => one.kind === entry.kind && one.row === entry.row) : [];
        for (const one of same) if (one.refused) kept.delete(one.id);
        const before = same.filter(one => !one.refused).pop();
        if (before && !before.tried) {
          before.fields[part] = entry.fields[part];
          if (before.fields[part] === before.fields.seen) kept.delete(before.id); else kept.put(before);
          return;
        }
        if (before) entry.fields.seen = before.fields[part];
        kept.put({...entry, key: uuid(), at: Date.now(), tried: 0});
      };
      return asked;
    });
    navigator.storage?.persist?.();
    tell();
    flush();
  }

  /* The next that waits, noted as tried before it goes out. */
  const next = () => store('readwrite', kept => {
    const found = {}, asked = kept.getAll();
    asked.onsuccess = () => {
      found.result = asked.result.find(one => !one.refused);
      if (found.result) { found.result.tried++; kept.put(found.result); }
    };
    return found;
  });

  function post(entry) {
    const sent = new XMLHttpRequest(), form = new FormData();
    form.append('row', entry.row);
    if (!entry.blob) form.append('kind', entry.kind);
    for (const [name, value] of Object.entries(entry.fields)) form.append(name, value);
    if (entry.blob) form.append('photo', entry.blob, 'photo.jpg');
    sent.open('POST', base + (entry.blob ? 'photos/' : 'edits/'));
    sent.setRequestHeader('Idempotency-Key', entry.key);
    sent.timeout = entry.blob ? 180000 : 20000;
    if (entry.blob) sent.upload.onprogress = part => { state.progress = Math.round(100 * part.loaded / part.total); tell(); };
    return new Promise(done => { sent.onloadend = () => done(sent); sent.send(form); });
  }

  /* Null for what is no answer of ours: a gateway's page, a hotel's sign-in. */
  function said(sent) {
    try { return /json/.test(sent.getResponseHeader('Content-Type')) ? JSON.parse(sent.responseText) : null; } catch { return null; }
  }

  /* True when the next may go. */
  async function settle(entry, sent) {
    const {status} = sent, answer = said(sent), ours = sent.getResponseHeader('X-Robots-Tag');
    state.failed = !ours || status >= 500 || status === 429;
    state.pin = status === 401;
    state.dead = Boolean(ours) && (status === 404 || status === 410);
    if (status === 200 && answer) {
      await store('readwrite', kept => kept.delete(entry.id));
      state.savedAt = new Date().toTimeString().slice(0, 5);
      tell({sent: entry, answer});
      return true;
    }
    if (state.failed || state.pin || state.dead || status < 400 || status === 408) {
      tries++;
      state.after = 1000 * (sent.getResponseHeader('Retry-After') || 0);
      return false;
    }
    const refused = {error: sent.responseText.slice(0, 200) || 'It was refused.', ...answer};
    await store('readwrite', kept => {
      const asked = kept.getAll();
      asked.onsuccess = () => {
        kept.put({...entry, refused});
        // What was typed on top of it has not been sent: it starts from where this one did.
        const later = asked.result.find(one => one.id > entry.id && one.kind === entry.kind && one.row === entry.row && !one.tried);
        if (later && PART[entry.kind]) { later.fields.seen = entry.fields.seen; kept.put(later); kept.delete(entry.id); }
      };
      return asked;
    });
    return true;
  }

  async function drain(lock) {
    if (lock === null) return void (tries = Math.max(tries, 2));
    for (let entry; (entry = await next());) {
      Object.assign(state, {sending: entry.id, progress: 0, after: 0});
      tell();
      if (!await settle(entry, await post(entry))) break;
      tries = 0;
    }
  }

  /* Send what waits; of several tabs one does. */
  async function flush() {
    if (busy) { again = true; return; }
    busy = true;
    clearTimeout(timer);
    do {
      again = false;
      try {
        await (navigator.locks ? navigator.locks.request(NAME, {ifAvailable: true}, drain) : drain());
      } catch { tries++; }
    } while (again);
    busy = false;
    state.sending = 0;
    tell();
    if (tries && !state.dead && !state.pin) timer = setTimeout(flush, Math.max(state.after || 0, Math.min(LONGEST, 500 * 2 ** tries)));
  }

  /* Leave nothing of the job on this phone but, with `queue` false, what was not sent. */
  async function wipe(queue) {
    if (window.caches) for (const name of await caches.keys()) if (name.startsWith(NAME)) await caches.delete(name);
    for (const worker of await navigator.serviceWorker?.getRegistrations() ?? []) if (new URL(worker.scope).pathname === base) await worker.unregister();
    if (!queue) return;
    (await db()).close();
    opened = null;
    indexedDB.deleteDatabase(NAME);
  }

  window.hubOutbox = {state, all, put, drop, flush, wipe, uuid};
  addEventListener('online', () => { tries = 0; state.failed = false; flush(); });
  document.addEventListener('visibilitychange', () => document.hidden || flush());
}
