/* What hands do: a scan is taken from anywhere on the page (B29), and one press is one press.

   Not deferred: a scanner does not wait for the page. A listener that comes after the first shown
   element loses the first characters of a scan that comes at once, and the rest is another code. */
(() => {
  "use strict";
  const SAME_SCAN_MS = 500;

  /* A wedge scanner types fast and ends with Enter. Without focus in a field its characters are
     gathered here and sent with the page's scan form. */
  let typed = "";
  let typedAt = 0;
  document.addEventListener("keydown", (event) => {
    const form = document.querySelector("form[data-scan]");
    if (!form || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("input:not([type=hidden]), textarea, select")) return;
    /* When the key was pressed, not when a busy page came to it: a scan is not cut by a pause of ours. */
    if (event.timeStamp - typedAt > SAME_SCAN_MS) typed = "";
    typedAt = event.timeStamp;
    if (event.key === "Enter") {
      if (typed.length >= 2) {
        event.preventDefault();
        form.querySelector("[name=code], [name=name]").value = typed;
        const scanned = form.querySelector("[name=scanned]");
        if (scanned) scanned.value = "yes";
        typed = "";
        form.requestSubmit();
      }
    } else if (event.key.length === 1) {
      typed += event.key;
    }
  }, true);

  /* A form that is on its way is not sent twice. */
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
})();
