/* Live pages: follow the service for as long as they are open, and say when it is silent (B20, B30).
   Everything works without this file; it only refreshes.

   A page on a wall has nobody to reload it. So a stream that was refused, was cut off, or says
   nothing any more is asked for again within seconds, for ever, also while nobody sees the page. */
(() => {
  "use strict";
  const live = document.querySelector("[data-stream]");
  if (!live) return;

  const SILENT_AFTER_MS = 12000; /* four beats of the service are missing */
  const LOST_AFTER_MS = 8000; /* two are: the connection may be dead without a word */
  const AGAIN_AFTER_MS = 1500; /* and up to twice that, so that many pages don't come at once */
  const LOOK_EVERY_MS = 500;
  const cut = document.getElementById("cut-off");
  let seen = document.body.dataset.seen || "";
  let heardAt = performance.now();
  let askedAt = 0;
  let againAt = Infinity;
  let source = null;

  const heard = () => {
    heardAt = performance.now();
    const clock = document.querySelector("[data-clock]");
    if (clock) seen = clock.dataset.clock;
  };

  /* While a change is put into the page only the newest of those that come is kept. */
  let coming = null;
  let isShowing = false;
  const show = async (text) => {
    coming = text;
    if (isShowing) return;
    isShowing = true;
    while (coming !== null) {
      const now = coming;
      coming = null;
      try {
        await htmx.swap({ sourceElement: live, target: live, text: now, swap: "innerMorph" });
      } catch (error) {
        console.error(error);
      }
    }
    isShowing = false;
    heard();
  };

  const ask = () => {
    if (source) source.close();
    askedAt = performance.now();
    againAt = Infinity;
    source = new EventSource(live.dataset.stream);
    source.onmessage = (event) => { heard(); show(event.data); };
    source.addEventListener("beat", heard);
    /* Whoever may not read this any more is led to where one signs in. */
    source.addEventListener("signed-out", () => { source.close(); location.reload(); });
    source.onerror = () => {
      /* The browser itself comes back to what was cut off, but never to what was refused. */
      if (source.readyState === EventSource.CLOSED) {
        againAt = performance.now() + AGAIN_AFTER_MS * (1 + Math.random());
      }
    };
  };

  const look = () => {
    const now = performance.now();
    const isLost = now - Math.max(heardAt, askedAt) > LOST_AFTER_MS;
    if (isLost || now >= againAt) ask();
    const silent = now - heardAt;
    const isSilent = silent > SILENT_AFTER_MS;
    if (isSilent) {
      cut.querySelector("span").textContent = document.body.dataset.cutOff
        .replace("{seconds}", String(Math.round(silent / 1000))).replace("{time}", seen);
    }
    cut.hidden = !isSilent;
    document.body.toggleAttribute("data-cut", isSilent);
  };

  ask();
  setInterval(look, LOOK_EVERY_MS);
  /* A page that nobody sees is given few ticks; so it looks as soon as there is something to see. */
  ["visibilitychange", "pageshow", "online"].forEach((name) => window.addEventListener(name, look));
})();
