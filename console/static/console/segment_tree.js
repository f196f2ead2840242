/* The conditions of a segment as a tree that forms can change: read from JSON and written again, digit for digit.

   A group is {not, mode: "all" or "any", parts}, a condition {not, kind, value}. Numbers that JavaScript would round are
   kept as a Digits, with the text they were written as. The server decides what is right (insights/segments/reading.py). */

export class Digits {
    constructor(text) { this.text = text; }
    toString() { return this.text; }
}

const SAFE = /^-?[0-9]{1,15}$/;
const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/;

export function parse(text) {
    return JSON.parse(text, (_name, value, context) =>
        typeof value === "number" && context?.source && !SAFE.test(context.source) ? new Digits(context.source) : value);
}

export function write(value, indent = "") {
    if (value instanceof Digits) return value.text;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    const inner = `${indent}  `;
    const isList = Array.isArray(value);
    const pieces = isList
        ? value.map((each) => write(each, inner))
        : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${write(each, inner)}`);
    const line = pieces.join(", ");
    const [open, close] = isList ? "[]" : "{}";
    if (line.length < 80 && !line.includes("\n")) return `${open}${line}${close}`;
    return `${open}\n${pieces.map((piece) => inner + piece).join(",\n")}\n${indent}${close}`;
}

/** The tree that a JSON value means, or null when it is none that forms can show. */
export function toTree(value) {
    let not = false;
    while (value && typeof value === "object" && "not" in value) [value, not] = [value.not, !not];
    const [kind, ...others] = Object.keys(value ?? {});
    if (!kind || others.length) return null;
    const inner = value[kind];
    if (kind === "all" || kind === "any") {
        const parts = Array.isArray(inner) ? inner.map(toTree) : [null];
        return parts.includes(null) ? null : { not, mode: kind, parts };
    }
    const isCondition = ["orders", "events", "contact", "rfm"].includes(kind) && inner && typeof inner === "object";
    return isCondition && !Array.isArray(inner) ? { not, kind, value: inner } : null;
}

export function toJson(node) {
    const plain = node.parts ? { [node.mode]: node.parts.map(toJson) } : { [node.kind]: node.value };
    return node.not ? { not: plain } : plain;
}

/** A text that was typed, as a value of its type: "" is any, for which what looks like a number is one. */
export function typed(text, type) {
    const number = NUMBER.test(text);
    if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
    if (["", "integer", "decimal"].includes(type) && number) return SAFE.test(text) ? Number(text) : new Digits(text);
    return text;
}

/** The values of a list separated by commas; one alone stands for itself, none for nothing. In quotes: a text as it is. */
export function several(text, read = (each) => each) {
    const pieces = [...text.matchAll(/\s*"((?:[^"]|"")*)"\s*(?=,|$)|[^,]+/g)];
    const values = pieces.flatMap(([all, quoted]) => quoted !== undefined ? [quoted.replaceAll('""', '"')] : all.trim() ? [read(all.trim())] : []);
    return values.length > 1 ? values : values[0];
}

/** The values as several() reads them again. `mayBeNumber`: a text that looks like a number would become one. */
export function joined(value, mayBeNumber = false) {
    const isPlain = (text) => text === text.trim() && text !== "" && !/[",]/.test(text) && !(mayBeNumber && NUMBER.test(text));
    return listed(value).map((each) => typeof each !== "string" || isPlain(each) ? String(each) : `"${each.replaceAll('"', '""')}"`).join(", ");
}

export function listed(value) {
    return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}
