/* The form of each kind of condition. Each takes the node, what the server told, what to call after a change of a value,
   and what to call when other inputs are to be shown. */
import { button, checkboxes, element, inputs, selectInput, textInput } from "./segment_inputs.js";
import { joined, listed, several, typed } from "./segment_tree.js";

/** Sets a member, or takes it out where there is nothing to say. */
function set(value, name, member) {
    const isEmpty = member === undefined || member === "" || (Array.isArray(member) && !member.length);
    if (isEmpty) delete value[name];
    else value[name] = member;
}

const number = (text) => (text === "" ? undefined : typed(text, "decimal"));

function range(value, name, leastTitle, mostTitle, act) {
    const change = (bound) => (text) => {
        const bounds = { ...(value[name] ?? {}) };
        set(bounds, bound, number(text));
        set(value, name, Object.keys(bounds).length ? bounds : undefined);
        act();
    };
    return [["atLeast", leastTitle], ["atMost", mostTitle]].map(([bound, title]) =>
        textInput(title, value[name]?.[bound], `${name}/${bound}`, change(bound), { inputMode: "decimal" }));
}

function windowInputs(value, words, daysTitle, mayBeOpen, act, redraw) {
    const now = "from" in value || "to" in value ? "between" : "lastDays" in value ? "lastDays" : "anyTime";
    const choices = ["lastDays", "between", ...(mayBeOpen ? ["anyTime"] : [])].map((code) => [code, words[code]]);
    const when = selectInput(words.when, choices, now, "", (chosen) => {
        for (const name of ["lastDays", "from", "to"]) delete value[name];
        if (chosen === "lastDays") value.lastDays = 7;
        if (chosen === "between") value.from = value.to = new Date().toISOString().slice(0, 10);
        redraw();
    });
    const day = (name) => textInput(words[name], value[name], name, (text) => { set(value, name, text); act(); }, { type: "date" });
    if (now === "lastDays") {
        return [when, textInput(daysTitle, value.lastDays, "lastDays", (text) => { set(value, "lastDays", number(text)); act(); }, { inputMode: "numeric" })];
    }
    return now === "between" ? [when, day("from"), day("to")] : [when];
}

export function orderForm(node, { words, statuses }, act, redraw) {
    const value = node.value;
    const text = (name) => textInput(words[name], joined(value[name]), name, (typedText) => { set(value, name, several(typedText)); act(); }, { placeholder: words.several });
    const currency = textInput(words.currency, value.currency, "currency", (typedText) => { set(value, "currency", typedText.toUpperCase()); act(); }, { maxLength: 3 });
    return element("div", {},
        inputs(text("item"), text("category"), ...windowInputs(value, words, words.days, true, act, redraw)),
        checkboxes(words.status, statuses.map((status) => [status, status]), listed(value.status), "status", (chosen) => { set(value, "status", chosen.length === 1 ? chosen[0] : chosen); act(); }),
        inputs(...range(value, "count", words.countLeast, words.countMost, act), currency, ...range(value, "sum", words.sumLeast, words.sumMost, act)));
}

const OPERATORS = ["equals", "contains", "greater", "less", "lastDays", "exists"];

const isGiven = (value, name) => value[name] !== undefined && value[name] !== null;
const fresh = (operator) => (operator === "lastDays" ? 7 : "");

/** How a value is compared: each operator with what it is compared with; all of them hold of one and the same value. */
function comparisons(value, type, allowed, words, at, act, redraw) {
    const given = OPERATORS.filter((name) => isGiven(value, name));
    const shown = given.length ? given : [allowed[0]];
    const parts = shown.flatMap((now) => {
        const others = shown.filter((name) => name !== now);
        const open = allowed.filter((name) => !others.includes(name) && (name !== "exists" || !others.length));
        const choices = open.includes(now) ? open : [now, ...open]; // what the server refuses is shown, and can be changed
        const part = comparison(value, now, type, choices, words, at, act, redraw);
        if (others.length) part.push(button(words.remove, () => { delete value[now]; redraw(); }));
        return part;
    });
    const free = shown.includes("exists") ? [] : allowed.filter((name) => name !== "exists" && !shown.includes(name));
    if (free.length) parts.push(button(words.addComparison, () => {
        for (const name of shown) if (!isGiven(value, name)) value[name] = fresh(name);
        value[free[0]] = fresh(free[0]);
        redraw();
    }));
    return parts;
}

/** One operator, and what it compares with. */
function comparison(value, now, type, names, words, at, act, redraw) {
    const shown = now === "exists" && value.exists === false ? "missing" : now;
    const titles = { lastDays: words.withinDays };
    const choices = names.flatMap((name) => [[name, titles[name] ?? words[name]], ...(name === "exists" ? [["missing", words.missing]] : [])]);
    const operator = selectInput(words.comparison, choices, shown, "", (chosen) => {
        const before = value[now];
        delete value[now];
        if (chosen === "missing" || chosen === "exists") value.exists = chosen === "exists";
        else value[chosen] = chosen === "lastDays" ? 7 : typeof before === "boolean" ? "" : before ?? "";
        redraw();
    });
    if (now === "exists") return [operator];
    const isList = listed(value[now]).length > 1;
    const isDay = !isList && ["date", "datetime"].includes(type) && ["greater", "less", "equals"].includes(now);
    if (type === "boolean" && !isList) {
        const chosen = String(listed(value[now])[0] ?? "");
        return [operator, selectInput(words.value, [["", "—"], ["true", "✓"], ["false", "✗"]], chosen, at + now, (text) => { value[now] = typed(text, type); act(); })];
    }
    const read = (text) => (now === "equals" && !isDay ? several(text, (each) => typed(each, type)) ?? "" : ["contains"].includes(now) || isDay ? text : typed(text, type === "text" ? "text" : "decimal"));
    const options = isDay ? { type: "date" } : now === "equals" ? { placeholder: words.several } : {};
    const written = now === "equals" && !isDay ? joined(value[now], type === "") : listed(value[now]).join(", ");
    return [operator, textInput(words.value, written, at + now, (text) => { value[now] = read(text); act(); }, options)];
}

export function eventForm(node, { words, eventTypes, operators }, act, redraw) {
    const value = node.value;
    const tests = listed(value.where).map((test, index) => {
        const at = `where/${index}/`;
        const text = (name) => textInput(words[name], test[name], at + name, (typedText) => { set(test, name, typedText); act(); });
        return element("div", { className: "ol-test", role: "group", ariaLabel: words.test },
            inputs(text("parameter"), text("member"), ...comparisons(test, "", operators[""], words, at, act, redraw)),
            button(words.remove, () => { value.where.splice(index, 1); set(value, "where", value.where); redraw(); }));
    });
    const type = textInput(words.type, value.type, "type", (text) => { value.type = text; act(); }, { suggestions: eventTypes });
    return element("div", {},
        inputs(type, ...windowInputs(value, words, words.eventDays, false, act, redraw), ...range(value, "count", words.countLeast, words.countMost, act)),
        ...tests,
        button(words.addTest, () => { value.where = [...listed(value.where), { parameter: "", equals: "" }]; redraw(); }));
}

export function contactForm(node, { words, fields, operators, groups, kinds }, act, redraw) {
    const value = node.value;
    const asked = ["field", "group", "has"].find((name) => isGiven(value, name)) ?? "has";
    const what = selectInput(words.what, [["field", words.field], ["group", words.inGroup], ["has", words.has]], asked, "", (chosen) => {
        const begun = { field: { field: "firstName", exists: true }, group: { group: groups[0] ?? "" }, has: { has: "email" } };
        node.value = begun[chosen];
        redraw();
    });
    if (asked === "group") {
        return inputs(what, textInput(words.inGroup, joined(value.group), "group", (text) => { value.group = groups.includes(text) ? text : several(text) ?? ""; act(); }, { suggestions: groups }));
    }
    if (asked === "has") {
        const kindsOf = checkboxes(words.kind, kinds.map((kind) => [kind, kind]), listed(value.has), "has",
            (chosen) => { value.has = chosen.length === 1 ? chosen[0] : chosen; act(); });
        return element("div", {}, inputs(what), kindsOf);
    }
    const type = fields[value.field] ?? "text";
    const names = Object.keys(fields);
    const known = names.includes(value.field) ? names : [value.field, ...names];
    const field = selectInput(words.field, known.map((name) => [name, name]), value.field, "field", (chosen) => {
        node.value = { field: chosen, exists: true };
        redraw();
    });
    return inputs(what, field, ...comparisons(value, type, operators[type], words, "", act, redraw));
}

export function rfmForm(node, { words, rfmSegments }, act) {
    const value = node.value;
    const currency = textInput(words.currency, value.currency, "currency", (text) => { set(value, "currency", text.toUpperCase()); act(); }, { maxLength: 3 });
    const scores = (name) => checkboxes(words[name], ["1", "2", "3", "4", "5"].map((score) => [score, score]), listed(value[name]).map(String), name,
        (chosen) => { set(value, name, chosen.length === 1 ? Number(chosen[0]) : chosen.map(Number)); act(); });
    return element("div", {},
        inputs(currency),
        checkboxes(words.segment, Object.entries(rfmSegments), listed(value.segment), "segment", (chosen) => { set(value, "segment", chosen.length === 1 ? chosen[0] : chosen); act(); }),
        scores("recency"), scores("frequency"), scores("monetary"));
}
