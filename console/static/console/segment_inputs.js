/* Inputs of the builder, each with its label. */

let number = 0;

export function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
}

export function button(title, act) {
    const made = element("button", { type: "button", className: "ol-button", textContent: title });
    made.addEventListener("click", act);
    return made;
}

export function choose(choices, value, act) {
    const made = element("select");
    for (const [code, title] of choices) made.append(element("option", { value: code, textContent: title, selected: code === value }));
    made.addEventListener("change", () => act(made.value));
    return made;
}

/** An input with its label; `at` is its place in the condition, for the problems that the server tells. */
export function labelled(title, input, at = "") {
    input.id = `segment-input-${++number}`;
    if (at) input.dataset.at = at;
    return element("div", {}, element("label", { textContent: title, htmlFor: input.id }), input);
}

export function textInput(title, value, at, act, options = {}) {
    const { suggestions, ...properties } = options;
    const input = element("input", { type: "text", maxLength: 2000, autocomplete: "off", ...properties, value: String(value ?? "") });
    input.addEventListener("input", () => act(input.value.trim()));
    const box = labelled(title, input, at);
    if (suggestions) {
        const list = element("datalist", { id: `${input.id}-list` });
        for (const each of suggestions) list.append(element("option", { value: each }));
        input.setAttribute("list", list.id);
        box.append(list);
    }
    return box;
}

export function selectInput(title, choices, value, at, act) {
    return labelled(title, choose(choices, value, act), at);
}

/** Boxes of which any number can be chosen. */
export function checkboxes(title, choices, values, at, act) {
    const boxes = choices.map(([code, words]) => {
        const input = element("input", { type: "checkbox", value: code, checked: values.includes(code) });
        return [input, element("label", {}, input, ` ${words}`)];
    });
    const chosen = () => boxes.filter(([input]) => input.checked).map(([input]) => input.value);
    for (const [input] of boxes) input.addEventListener("change", () => act(chosen()));
    const row = element("div", { className: "ol-choices" }, ...boxes.map(([, label]) => label));
    row.dataset.at = at;
    return element("fieldset", {}, element("legend", { textContent: title }), row);
}

export function inputs(...several) {
    return element("div", { className: "ol-inputs" }, ...several);
}
