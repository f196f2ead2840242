/* Makes forms of a segment's JSON, writes the JSON again after each change, and shows how many people that is.

   The text of JSON is what is sent; without this script it is typed. Each input's `data-at` is the place in its
   condition that the server's problems point at. */
import { contactForm, eventForm, orderForm, rfmForm } from "./segment_conditions.js";
import { button, choose, element } from "./segment_inputs.js";
import { parse, toJson, toTree, write } from "./segment_tree.js";

const COUNT_AFTER = 400; // milliseconds without a change
const form = document.getElementById("segment-form");
const area = document.getElementById("id_conditions");
const root = document.getElementById("segment-builder");
const shown = document.getElementById("segment-found");
const state = document.getElementById("segment-json-state");
const told = JSON.parse(form.dataset.builder);
const words = told.words;
const FORMS = { orders: orderForm, events: eventForm, contact: contactForm, rfm: rfmForm };
const FRESH = {
    orders: () => ({ lastDays: 30 }),
    events: () => ({ type: told.eventTypes[0] ?? "", lastDays: 30 }),
    contact: () => ({ has: "email" }),
    rfm: () => ({ currency: told.currency, segment: "champions" }),
};
let tree = null;

function changed() {
    area.value = write(toJson(tree));
    countSoon();
}

function redraw(focus) {
    root.replaceChildren(drawNode(tree, null));
    if (focus) root.querySelector(`[data-node="${pointerOf(focus)}"] :is(select, input)`)?.focus();
    changed();
}

/** Where a node stands in the JSON, its own members included. */
function pointerOf(wanted, node = tree, at = "") {
    const here = `${at}${node.not ? "/not" : ""}/${node.parts ? node.mode : node.kind}`;
    if (node === wanted) return here;
    for (const [index, part] of (node.parts ?? []).entries()) {
        const found = pointerOf(wanted, part, `${here}/${index}`);
        if (found) return found;
    }
    return "";
}

function drawNode(node, parent) {
    const isGroup = Boolean(node.parts);
    const box = element("div", { className: isGroup ? "ol-group" : "ol-condition", role: "group" });
    box.dataset.node = pointerOf(node);
    const head = element("div", { className: isGroup ? "ol-condition ol-condition-head" : "ol-condition-head" });
    const name = isGroup ? words.group : words[node.kind];
    box.setAttribute("aria-label", name);
    if (isGroup) {
        const mode = choose([["all", words.all], ["any", words.any]], node.mode, (value) => { node.mode = value; redraw(node); });
        mode.setAttribute("aria-label", name);
        head.append(mode);
    } else {
        head.append(element("b", { textContent: name }));
    }
    const not = element("input", { type: "checkbox", checked: node.not });
    not.addEventListener("change", () => { node.not = not.checked; redraw(node); });
    head.append(element("label", {}, not, ` ${words.not}`));
    if (parent) head.append(button(words.remove, () => {
        parent.parts.splice(parent.parts.indexOf(node), 1);
        redraw(parent);
    }));
    box.append(head);
    if (isGroup) {
        box.append(...node.parts.map((part) => drawNode(part, node)), drawAdditions(node));
    } else {
        box.append(FORMS[node.kind](node, told, changed, () => redraw(node)));
    }
    return box;
}

function drawAdditions(group) {
    const bar = element("div", { className: "ol-buttons" });
    for (const kind of Object.keys(FORMS)) {
        const title = words[`add${kind[0].toUpperCase()}${kind.slice(1)}`];
        bar.append(button(title, () => add(group, { not: false, kind, value: FRESH[kind]() })));
    }
    bar.append(button(words.addGroup, () => add(group, {
        not: false, mode: "any", parts: [{ not: false, kind: "orders", value: FRESH.orders() }],
    })));
    return bar;
}

function add(group, node) {
    group.parts.push(node);
    redraw(node);
}

/* --- The count ------------------------------------------------------------------------------------------------- */

let waiting = null;
let asked = 0;

function countSoon() {
    clearTimeout(waiting);
    waiting = setTimeout(count, COUNT_AFTER);
}

async function count() {
    const mine = ++asked;
    shown.setAttribute("aria-busy", "true");
    const body = new URLSearchParams({
        conditions: area.value,
        csrfmiddlewaretoken: form.querySelector("[name=csrfmiddlewaretoken]").value,
    });
    let text = null;
    try {
        const answer = await fetch(form.dataset.countUrl, { method: "POST", body, credentials: "same-origin" });
        if (answer.ok) text = await answer.text();
    } catch { /* away for a moment: said below */ }
    if (mine !== asked) return; // a later change is asked for already
    shown.removeAttribute("aria-busy");
    if (text === null) {
        shown.replaceChildren(element("p", { className: "ol-card-body ol-error", textContent: words.failed }));
        return;
    }
    const answered = new DOMParser().parseFromString(text, "text/html");
    shown.replaceChildren(...answered.body.childNodes);
    showProblems();
}

/** Puts each problem beside the input that it is about. */
function showProblems() {
    for (const old of root.querySelectorAll(".ol-error")) old.remove();
    for (const bad of root.querySelectorAll("[aria-invalid]")) bad.removeAttribute("aria-invalid");
    for (const problem of document.querySelectorAll("#segment-found [data-pointer]")) {
        const pointer = problem.dataset.pointer;
        const boxes = [...root.querySelectorAll("[data-node]")].filter((box) => `${pointer}/`.startsWith(`${box.dataset.node}/`));
        const box = boxes.at(-1);
        if (!box) continue;
        const inputs = [...box.querySelectorAll("[data-at]")].filter(
            (each) => each.closest("[data-node]") === box && `${pointer}/`.startsWith(`${box.dataset.node}/${each.dataset.at}/`));
        const input = inputs.at(-1);
        input?.setAttribute("aria-invalid", "true");
        (input?.parentElement ?? box).append(
            element("span", { className: "ol-error", textContent: problem.querySelector("span").textContent }));
    }
}

/* --- The text of JSON ------------------------------------------------------------------------------------------ */

function read() {
    let found = null;
    try {
        found = toTree(parse(area.value));
    } catch { /* not JSON yet: said below, and the server says where */ }
    state.textContent = found ? "" : words.unreadable;
    if (!found) {
        root.replaceChildren();
        return;
    }
    // A single condition becomes the only part of a group, so that others can be put beside it.
    tree = found.parts && !found.not ? found : { not: false, mode: "all", parts: [found] };
    root.replaceChildren(drawNode(tree, null));
}

area.addEventListener("input", () => { read(); countSoon(); });
read();
if (tree) document.getElementById("segment-json").open = false;
count();
