export { LitElement, css, html, nothing, svg } from "lit";
export { repeat } from "lit/directives/repeat.js";
