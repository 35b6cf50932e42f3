/* One press, or Escape twice, and the page is gone: the session is ended, the screen emptied, and this page is taken out of the history. */
(() => {
  const form = document.querySelector("form[data-exit]");
  if (!form) return;
  const leave = () => {
    navigator.sendBeacon(form.action, new FormData(form));
    document.documentElement.hidden = true;
    document.title = "…";
    location.replace(form.dataset.exit);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    leave();
  });
  let pressed = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (event.timeStamp - pressed < 1000 && pressed) leave();
    pressed = event.timeStamp;
  });
  // A page that the browser kept for going back to is asked for anew.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
