/* A button that is marked `data-print` prints its page. */
for (const button of document.querySelectorAll("[data-print]")) {
    button.addEventListener("click", () => window.print());
}
