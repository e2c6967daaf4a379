// The offer's and a volunteer's own page: says that the offer was seen, and has this browser told of the next ones.
"use strict";
(() => {
  const offer = location.pathname.startsWith("/o/");
  if (offer && document.querySelector('button[name="answer"]')) {
    const seen = () => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", seen);
      fetch(location.pathname, { method: "POST", body: new URLSearchParams({ answer: "seen" }) }).catch(() => {});
    };
    document.addEventListener("visibilitychange", seen);
    seen();
  }

  const button = document.getElementById("push");
  const told = document.getElementById("pushed");
  if (!button || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
  button.hidden = false;

  function bytes(text) {
    const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  }
  button.addEventListener("click", async () => {
    try {
      if ((await Notification.requestPermission()) !== "granted") {
        told.textContent = "Peramban ini tidak diizinkan memberi tahu. / This browser is not allowed to.";
        return;
      }
      const worker = await navigator.serviceWorker.register("/phone/worker.js");
      const key = bytes(button.dataset.key);
      const push = await subscribed(worker.pushManager, key);
      const answer = await fetch(button.dataset.to, {
        method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(push),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      told.textContent = "Peramban ini akan memberi tahu Anda. / This browser will tell you.";
      button.hidden = true;
    } catch {
      told.textContent = "Belum berhasil. Coba lagi. / That did not work. Try again.";
    }
  });
  // A browser that was subscribed under another key of ours has to begin anew.
  async function subscribed(manager, key) {
    const options = { userVisibleOnly: true, applicationServerKey: key };
    try { return await manager.subscribe(options); } catch (error) {
      const old = await manager.getSubscription();
      if (!old) throw error;
      await old.unsubscribe();
      return manager.subscribe(options);
    }
  }
})();
