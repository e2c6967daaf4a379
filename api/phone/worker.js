// Shows what is pushed to this browser; a tap opens the offer. It keeps nothing and touches no other request.
"use strict";
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data ? event.data.json() : {}; } catch { /* shown without words rather than not at all */ }
  event.waitUntil(
    self.registration.showNotification(told.title || "Ronda", {
      body: told.body || "",
      tag: told.offer || told.notice || "ronda", // a newer word about the same offer takes the place of the older one
      renotify: true,
      requireInteraction: Boolean(told.link),
      vibrate: [200, 100, 200],
      data: { link: told.link || "" },
    }),
  );
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = event.notification.data && event.notification.data.link;
  if (link) event.waitUntil(self.clients.openWindow(link));
});
