/* What the keyboard can do on every page.
   `/` goes to the search box of the page, or opens the command palette where there is none. The palette itself (Ctrl-K,
   Cmd-K) is Unfold's; inside an input it is opened here, as Unfold leaves that key to the browser there. */
const SEARCH_BOX = "#content input[type=search], #content #searchbar";

function isTyping(element) {
    return element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);
}

function openPalette() {
    window.dispatchEvent(new CustomEvent("opencommand"));
}

document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey) return;
    const isPalette = event.key === "k" && (event.ctrlKey || event.metaKey);
    if (isPalette && isTyping(event.target) && event.target.id !== "search-input-command") {
        event.preventDefault();
        openPalette();
    } else if (event.key === "/" && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) {
        event.preventDefault();
        const box = document.querySelector(SEARCH_BOX);
        if (box) {
            box.focus();
            box.select();
        } else {
            openPalette();
        }
    }
});

/* What scrolls in itself can be scrolled by the keyboard, too: it takes the focus while it is too small for its text. */
const SCROLLING = ".ol-value, .ol-json, .ol-scroll, #content pre";

function letScroll() {
    for (const element of document.querySelectorAll(SCROLLING)) {
        const isTooSmall = element.scrollHeight > element.clientHeight || element.scrollWidth > element.clientWidth;
        if (isTooSmall && !element.hasAttribute("tabindex")) element.tabIndex = 0;
    }
}

window.addEventListener("load", letScroll);
window.addEventListener("resize", letScroll);
document.addEventListener("toggle", letScroll, true);

/* Alpine shows the page only once it runs, too late for the browser's own autofocus. */
window.addEventListener("load", () => {
    if (document.activeElement === document.body) document.querySelector("[autofocus]")?.focus();
});
