/* Keeps what is marked `data-refresh` as it stands on the server, while work goes on there: the page's own address is
   asked every three seconds. When the answer marks nothing any more, the work is done, and the page is loaded once. */
const SECONDS = 3;

async function refresh() {
    if (!document.hidden) {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        const marked = fresh.querySelectorAll("[data-refresh]");
        if (!answer.ok || marked.length === 0) {
            location.reload();
            return;
        }
        for (const element of marked) document.getElementById(element.id)?.replaceWith(element);
    }
    setTimeout(refresh, SECONDS * 1000);
}

setTimeout(refresh, SECONDS * 1000);
