/* Rules are dragged, moved by buttons, and added. All of it only writes the positions that the form sends anyway, so the
   page works without this script, by typing the numbers. What happened is told to who cannot see it. */
const form = document.getElementById("rules");
const said = form.querySelector("[data-said]");

function say(text) {
    said.textContent = text;
}

function filled(template, values) {
    return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function rowsOf(table) {
    return [...table.tBodies[0].rows].filter((row) => !row.hasAttribute("data-spare") || isTyped(row));
}

function isTyped(row) {
    return row.querySelector("[name^=parameter-]").value.trim() !== "";
}

function number(table) {
    [...table.tBodies[0].rows].forEach((row, index) => {
        row.querySelector("[name^=position-]").value = index + 1;
    });
}

function tell(table, row) {
    const rows = rowsOf(table);
    const rule = row.querySelector("[name^=parameter-]").value;
    say(filled(table.dataset.moved, { rule, place: rows.indexOf(row) + 1, count: rows.length }));
}

function step(table, row, by) {
    const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other || (other.hasAttribute("data-spare") && !isTyped(other))) return;
    if (by < 0) other.before(row);
    else other.after(row);
    number(table);
    tell(table, row);
}

function drag(table, row, grip, down) {
    grip.setPointerCapture(down.pointerId);
    row.classList.add("ol-rule-dragged");
    const move = (event) => {
        const over = [...table.tBodies[0].rows].find((other) => {
            const box = other.getBoundingClientRect();
            return other !== row && event.clientY >= box.top && event.clientY < box.bottom;
        });
        if (!over || (over.hasAttribute("data-spare") && !isTyped(over))) return;
        const box = over.getBoundingClientRect();
        if (event.clientY < box.top + box.height / 2) over.before(row);
        else over.after(row);
    };
    const drop = () => {
        grip.removeEventListener("pointermove", move);
        row.classList.remove("ol-rule-dragged");
        number(table);
        tell(table, row);
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", drop, { once: true });
}

function nextNumber() {
    const numbers = [...form.querySelectorAll("[name^=parameter-]")].map((input) => Number(input.name.split("-")[1]));
    return Math.max(0, ...numbers) + 1;
}

function add(table) {
    const body = table.tBodies[0];
    const empty = [...body.rows].find((row) => row.hasAttribute("data-spare") && !isTyped(row));
    const row = empty ?? body.rows[body.rows.length - 1].cloneNode(true);
    if (!empty) {
        const next = nextNumber();
        for (const input of row.querySelectorAll("[name]")) {
            input.name = input.name.replace(/\d+$/, next);
            if (input.matches("[name^=parameter-], [name^=type-]")) input.value = "";
        }
        body.append(row);
        if ("ordered" in table.dataset) number(table);
    }
    row.querySelector("input:not([type=hidden]):not([name^=position-])").focus();
    say(table.dataset.added);
}

for (const table of form.querySelectorAll(".ol-rule-table")) {
    for (const hidden of table.querySelectorAll("[data-grip], [data-steps]")) hidden.hidden = false;
    const button = table.closest("section").querySelector("[data-add]");
    button.hidden = false;
    button.addEventListener("click", () => add(table));
    if (!("ordered" in table.dataset)) continue;
    table.addEventListener("click", (event) => {
        const pressed = event.target.closest("[data-step]");
        if (!pressed) return;
        step(table, pressed.closest("tr"), Number(pressed.dataset.step));
        pressed.focus();
    });
    table.addEventListener("pointerdown", (event) => {
        const grip = event.target.closest("[data-grip]");
        if (!grip) return;
        event.preventDefault();
        drag(table, grip.closest("tr"), grip, event);
    });
}
