/* left.js: on a page where nothing can be changed any more. What this phone has not sent is shown, to be copied; then nothing of the job is
   left on it. It needs outbox.js. */
{
  const {state, name: NAME, db, all} = window.hubOutbox, place = document.querySelector('[data-left]'), find = what => place.querySelector(what);
  const WORDS = {identity: 'identity', connector: 'connector', note: 'note', skip: 'step left out', photo: 'photo', 'photo-removed': 'photo removed'};

  function line({name, kind, fields, refused}) {
    const said = fields.value ?? fields.text ?? fields.reason ?? '';
    return `${name}, ${WORDS[kind] ?? kind}${said && ': '}${said}${refused ? ` (${refused.error})` : ''}`;
  }

  /* Leaves nothing of the job on this phone; without `queue`, what was not sent. */
  async function wipe(queue) {
    for (const worker of await navigator.serviceWorker?.getRegistrations() ?? []) if (new URL(worker.scope).pathname === state.base) await worker.unregister();
    if (window.caches) for (const name of await caches.keys()) if (name.startsWith(NAME)) await caches.delete(name);
    if (!queue) return;
    (await db()).close();
    indexedDB.deleteDatabase(NAME);
  }

  async function show() {
    const kept = await all(), photos = kept.filter(one => one.blob);
    await wipe(!kept.length);
    place.hidden = !kept.length;
    if (!kept.length) return;
    const text = find('textarea');
    text.value = kept.map(line).join('\n');
    text.rows = Math.min(12, kept.length + 2);
    find('ul').replaceChildren(...photos.map(({blob, name}, at) => {
      const item = document.createElement('li'), link = document.createElement('a'), picture = new Image(76, 76);
      picture.src = link.href = URL.createObjectURL(blob);
      picture.alt = `Photo ${at + 1} of ${name}, save it`;
      link.download = `${name}-${at + 1}.jpg`;
      link.append(picture);
      item.append(link);
      return item;
    }));
    find('[data-copy]').hidden = !navigator.clipboard;
    find('[data-copy]').onclick = async () => { await navigator.clipboard.writeText(text.value); find('[role=status]').textContent = 'Copied.'; };
    find('[data-wipe]').onclick = async () => {
      await wipe(true);
      place.replaceChildren('Nothing of this job is left on this phone.');
    };
  }

  const look = () => show().catch(() => {});
  // What had arrived without an answer is told so by the next try.
  addEventListener('outbox', look);
  look();
}
