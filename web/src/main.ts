/// Starts the page.

import { mount } from "svelte";
import App from "./App.svelte";
import { preferences } from "./state/preferences.svelte.js";
import "./styles/base.css";

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no element #app");
// Before the first paint, so that nobody who chose dark sees white.
preferences.start();
mount(App, { target });
