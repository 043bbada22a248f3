// The capture page of one session: its id in the path, its token behind the #.

import { Api } from "./api.mjs";
import { Visit } from "./flow.mjs";
import { Page } from "./page.mjs";
import { speak } from "./words.mjs";

const page = new Page(document.getElementById("page"));
const sessionId = location.pathname.split("/").pop();

await speak(document.documentElement.lang);
addEventListener("hashchange", () => location.reload()); // another link was put in the address bar
await new Visit(page, new Api(sessionId, location.hash.slice(1))).run();
