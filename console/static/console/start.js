/* Follows the link that is marked `data-start` when the page has come: a download that its page shows the progress of. */
document.querySelector("a[data-start]")?.click();
