// One attempt: the camera on, the stream, and the camera off, however it ends.

import { openCamera } from "./camera.mjs";
import { later } from "./dom.mjs";
import { waiting } from "./screens.mjs";
import { Stage } from "./stage.mjs";
import { Stream } from "./stream.mjs";

const PATIENCE = 4;
const RETRY_MS = 1000;

/** How it ended, as Stream.run says, or { kind: "paused" | "stopped" | "desk" }. Throws Problem. */
export async function attempt(page, api, allowed) {
  page.tell(waiting("cap.asking", { late: "cap.asking.more" }));
  const camera = await openCamera();
  const awake = navigator.wakeLock?.request("screen").catch(() => null);
  const leaving = new AbortController();
  let stage = null;
  try {
    const { nonce } = await api.begin(allowed);
    let stream = null;
    const leave = (kind) => stream.stop({ kind });
    stage = new Stage(leave);
    const render = { ...stage.render, step: (said) => begun(page, stage, said) };
    const connection = () => (stream = new Stream(api, nonce, camera, render));
    connection();
    const pause = () => document.hidden && leave("paused");
    document.addEventListener("visibilitychange", pause, { signal: leaving.signal });
    document.addEventListener("keydown", (event) => event.key === "Escape" && leave("stopped"), { signal: leaving.signal });
    camera.lost(() => leave("paused"));
    page.stage(stage.element);
    await camera.show(stage.video);
    pause();
    for (let patience = PATIENCE; ; patience -= 1) {
      const ending = await stream.run();
      if (stream.greeted || ending.code !== "challenge_replayed" || patience === 0) return ending;
      connection(); // the service has not yet seen the end of the connection before this one
      await later(RETRY_MS);
    }
  } finally {
    leaving.abort();
    stage?.end();
    camera.stop();
    (await awake)?.release();
  }
}

/** From the first step on an attempt has a time of its own. */
function begun(page, stage, said) {
  page.unclock();
  stage.render.step(said);
}
