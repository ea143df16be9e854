/* scan.js: reads a serial number with the camera (BarcodeDetector). Loaded at the first touch of Scan; where the browser has none, there is the
   photo of the plate instead. */
{
  const dialog = document.querySelector('#scan'), find = what => dialog.querySelector(what);
  const FORMATS = ['code_128', 'code_39', 'qr_code', 'data_matrix', 'ean_13', 'ean_8'];
  let stream, form, last = '', torch = false;

  /* What may be meant: all of it, or the parts of an address or a list that look like a number of a plate. */
  function meant(text) {
    const field = form.elements.value.cloneNode(), isGood = part => { field.value = part; return part && field.validity.valid; };
    return isGood(text) ? [text] : [...new Set(text.split(/[\s,;:/?&="<>()]+/))].filter(part => isGood(part) && part.length > 4 && /\d/.test(part)).slice(-3).reverse();
  }

  function found(text) {
    const parts = meant(text.trim());
    if (!parts.length || text === last) return;
    last = text;
    navigator.vibrate?.(60);
    find('[role=status]').textContent = parts.length > 1 ? 'Which one is it?' : 'Is this the one on the plate?';
    find('.found').replaceChildren(...parts.map(part => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'b mono';
      button.textContent = part;
      button.onclick = () => {
        form.elements.value.value = part;
        dialog.close();
        form.requestSubmit();
      };
      return button;
    }));
  }

  async function read(detector, video) {
    while (stream) {
      const [code] = await detector.detect(video).catch(() => []);
      if (code) found(code.rawValue);
      await new Promise(done => setTimeout(done, 150));
    }
  }

  async function open(button) {
    form = button.form;
    last = '';
    find('.found').replaceChildren();
    find('[role=status]').textContent = 'Hold the label inside the frame. It reads by itself.';
    find('b').textContent = form.closest('.chg').querySelector('h2').textContent;
    dialog.showModal();
    try {
      const able = await BarcodeDetector.getSupportedFormats(), video = find('video');
      stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment', width: {ideal: 1920}}});
      if (!dialog.open) return close();
      video.srcObject = stream;
      find('[data-lamp]').hidden = !stream.getVideoTracks()[0].getCapabilities?.().torch;
      video.play().catch(() => {});
      read(new BarcodeDetector({formats: FORMATS.filter(one => able.includes(one))}), video);
    } catch { find('[role=status]').textContent = 'The camera cannot be used here. Allow it, or type the number.'; }
  }

  function close() {
    stream?.getTracks().forEach(track => track.stop());
    stream = null;
    torch = false;
  }

  dialog.addEventListener('click', ({target}) => {
    const button = target.closest('button:not(.mono)');
    if (!button) return;
    if ('lamp' in button.dataset) return stream?.getVideoTracks()[0].applyConstraints({advanced: [{torch: torch = !torch}]});
    dialog.close();
    if ('type' in button.dataset) form.elements.value.focus();
  });
  dialog.addEventListener('close', close);
  const style = document.createElement('link');
  style.rel = 'stylesheet';
  style.href = dialog.dataset.look;
  document.head.append(style);
  window.hubScan = button => style.sheet ? open(button) : style.onload = () => open(button);
}
