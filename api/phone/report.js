// The report page on a poor network: what was typed and the photo are kept on the phone until the server has them,
// the photo is made smaller first, and the phone says where it is. Without this script the form works all the same.
"use strict";
(() => {
  const form = document.querySelector('form[enctype="multipart/form-data"]');
  if (!form || !window.fetch || !window.FormData) return;
  const KEPT = "ronda.report";
  const SIDE = 1280;
  const PAUSES_S = [5, 10, 20, 40, 60];
  const report = form.id === "report";
  const state = document.getElementById("state") || form.insertAdjacentElement("beforebegin", document.createElement("p"));
  const button = form.querySelector("button:not([type])");
  const here = document.getElementById("here");
  const where = document.getElementById("where");
  const file = form.elements.namedItem("photo");
  let photo = null; // a Blob, already smaller
  let sending = false;
  let tries = 0;
  let timer = 0;

  function say(text) {
    state.hidden = !text;
    state.className = "box";
    state.setAttribute("role", "status");
    state.textContent = text;
  }

  // The draft: what was typed, and the photo as text, for a page that is closed or a phone that dies.
  function kept() {
    try { return JSON.parse(localStorage.getItem(KEPT) || "null"); } catch { return null; }
  }
  async function keep(waits, without = []) {
    if (!report) return;
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && !without.includes(name)) fields[name] = value;
    }
    const draft = { at: location.pathname, waits, fields, when: Date.now() };
    try {
      localStorage.setItem(KEPT, JSON.stringify(photo ? { ...draft, photo: await textOf(photo) } : draft));
    } catch { // no room for the photo: the words at least
      try { localStorage.setItem(KEPT, JSON.stringify(draft)); } catch { /* a private window keeps nothing */ }
    }
  }
  function drop() { try { localStorage.removeItem(KEPT); } catch { /* nothing was kept */ } }

  function textOf(blob) {
    return new Promise((done, failed) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.onerror = failed;
      reader.readAsDataURL(blob);
    });
  }
  function blobOf(text) {
    const [head, body] = text.split(",");
    const raw = atob(body);
    const bytes = Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
    return new Blob([bytes], { type: head.slice(5).split(";")[0] });
  }
  function restore() {
    const draft = kept();
    if (draft && Date.now() - draft.when > 86400e3) drop(); // of another day, and perhaps of somebody else
    else if (draft && draft.at === location.pathname) fill(draft);
  }
  function fill(draft) {
    for (const [name, value] of Object.entries(draft.fields)) {
      const field = form.elements.namedItem(name);
      if (field instanceof RadioNodeList) field.value = value;
      else if (field && field.type === "checkbox") field.checked = field.value === value;
      else if (field && field.type !== "file") field.value = value;
    }
    if (draft.fields.lat) where.textContent = "Lokasi HP dari tadi dipakai. / The phone's place of before is used.";
    if (draft.photo) photo = blobOf(draft.photo);
    if (draft.waits) send();
    else if (photo) say("Foto dari tadi masih ada. / The photo from before is still here.");
  }

  async function smaller(given) {
    try {
      const image = await createImageBitmap(given, { imageOrientation: "from-image" });
      const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.75));
      return made && made.size < given.size ? made : given;
    } catch { return given; } // the server judges it
  }

  function body() {
    const data = new FormData();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
    if (photo && photo.size) data.append("photo", photo, "foto.jpg"); // last, as the form has it
    return data;
  }
  async function send() {
    if (sending) return;
    sending = true;
    clearTimeout(timer);
    button.disabled = true;
    say("Mengirim… / Sending…");
    await keep(true);
    try {
      const answer = await fetch(form.action, { method: "POST", body: body(), redirect: "follow" });
      if (answer.status === 408 || answer.status === 429 || answer.status >= 500) throw new Error(String(answer.status));
      if (answer.ok) { drop(); location.replace(answer.url); return; }
      await keep(false, ["key", "lat", "lon"]); // what was refused stays refused under its key, and perhaps for its place
      const page = await answer.text(); // what is wrong, with all that was typed
      document.open();
      document.write(page);
      document.close();
      return;
    } catch {
      later();
    } finally {
      sending = false;
    }
  }
  function later() {
    const pause = PAUSES_S[Math.min(tries++, PAUSES_S.length - 1)];
    say(`Belum terkirim, tersimpan di HP ini. Dicoba lagi sendiri dalam ${pause} detik. / Not sent yet, kept on this phone; again in ${pause} s.`);
    button.disabled = false;
    timer = setTimeout(send, pause * 1000);
  }

  file.addEventListener("change", async () => {
    photo = file.files.length ? await smaller(file.files[0]) : null;
    say(photo ? `Foto siap: ${Math.max(1, Math.round(photo.size / 1024))} kB. / The photo is ready.` : "");
    keep(false);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tries = 0;
    send();
  });
  form.addEventListener("change", () => { if (!sending) keep(false); });
  addEventListener("online", () => { if (kept()?.waits) send(); });
  if (report) restore();
  if (!here || !navigator.geolocation) return;
  here.hidden = false;
  here.addEventListener("click", () => {
    where.textContent = "Mencari lokasi… / Looking for the place…";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.namedItem("lat").value = coords.latitude.toFixed(6);
        form.elements.namedItem("lon").value = coords.longitude.toFixed(6);
        where.textContent = `Lokasi HP dipakai (± ${Math.round(coords.accuracy)} m). / The phone's place is used.`;
        keep(false);
      },
      () => { where.textContent = "Lokasi tidak didapat: pilih kelurahan. / No place: choose the area."; },
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 },
    );
  });
})();
