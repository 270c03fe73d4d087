// Runs before the first paint, so that a chosen theme never flashes past the other one.
(function () {
  try {
    var theme = localStorage.getItem("domfleet.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; then the system's theme is shown.
  }
})();
