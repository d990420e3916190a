/* Live pages: say when the server is silent (B20, B30), and take scans from anywhere (B29).
   Everything works without this file; it only refreshes and listens. */
(() => {
  "use strict";
  const SILENT_AFTER_MS = 12000;
  let heardAt = performance.now();
  let seen = document.body.dataset.seen || "";

  const heard = () => {
    heardAt = performance.now();
    const clock = document.querySelector("[data-clock]");
    if (clock) seen = clock.dataset.clock;
  };
  document.addEventListener("htmx:sse:after:message", heard);

  const live = document.getElementById("live");
  if (live) {
    live.addEventListener("beat", heard);
    setInterval(() => {
      const box = document.getElementById("cut-off");
      const silent = performance.now() - heardAt;
      const cut = silent > SILENT_AFTER_MS;
      if (cut) {
        box.querySelector("span").textContent = document.body.dataset.cutOff
          .replace("{seconds}", String(Math.round(silent / 1000))).replace("{time}", seen);
      }
      box.hidden = !cut;
      document.body.toggleAttribute("data-cut", cut);
    }, 1000);
  }

  /* A wedge scanner types fast and ends with Enter. Without focus in a field its characters are
     gathered here and sent with the page's scan form. */
  let typed = "";
  let typedAt = 0;
  document.addEventListener("keydown", (event) => {
    const form = document.querySelector("form[data-scan]");
    if (!form || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("input:not([type=hidden]), textarea, select")) return;
    const now = performance.now();
    if (now - typedAt > 500) typed = "";
    typedAt = now;
    if (event.key === "Enter") {
      if (typed.length >= 2) {
        event.preventDefault();
        form.querySelector("[name=code], [name=name]").value = typed;
        typed = "";
        form.requestSubmit();
      }
    } else if (event.key.length === 1) {
      typed += event.key;
    }
  }, true);

  /* One press is one press: a form that is on its way is not sent twice. */
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
})();
