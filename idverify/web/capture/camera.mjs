// The camera: opened after a tap, its errors as codes, its pictures as JPEGs of one size, stopped at the end of every path.

import { Problem } from "./problem.mjs";

const WISH = { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
const LONG = 640;
const SHORT = 480;
const QUALITY = 0.85;
const MUTED_MS = 1000;

const CODES = {
  NotAllowedError: "camera_denied",
  SecurityError: "camera_denied",
  NotFoundError: "camera_missing",
  NotReadableError: "camera_busy",
  AbortError: "camera_busy",
  TypeError: "camera_unsupported",
};

/** Open the front camera. Throws Problem: camera_denied, camera_missing, camera_busy, camera_unsupported. */
export async function openCamera() {
  if (navigator.mediaDevices === undefined) throw new Problem("camera_unsupported");
  return new Camera(await stream(WISH));
}

/** Whether this device has a camera, as far as a page may know before it asks for it. */
export async function hasCamera() {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => null);
  return devices === null || devices.some((device) => device.kind === "videoinput");
}

async function stream(video) {
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    if (error.name === "OverconstrainedError" && video !== true) return stream(true);
    throw new Problem(CODES[error.name] ?? "camera_busy");
  }
}

/** An open camera. */
export class Camera {
  #stream;
  #canvas = document.createElement("canvas");
  #context = this.#canvas.getContext("2d", { alpha: false });
  #video = null;

  constructor(stream) {
    this.#stream = stream;
  }

  /** Show the pictures in a video element. Throws Problem where none comes within `seconds`. */
  async show(video, seconds = 8) {
    this.#video = video;
    video.srcObject = this.#stream;
    const first = new Promise((resolve) => this.#next(resolve));
    const late = new Promise((_, reject) => setTimeout(reject, 1000 * seconds, new Problem("camera_busy")));
    await Promise.race([Promise.all([video.play(), first]), late]).catch((error) => {
      throw error instanceof Problem ? error : new Problem("camera_busy");
    });
    const upright = video.videoHeight > video.videoWidth;
    // One size for the whole session, whichever way the phone is turned later: the service takes note of a change.
    [this.#canvas.width, this.#canvas.height] = upright ? [SHORT, LONG] : [LONG, SHORT];
  }

  /** Calls back for each picture of the camera, until it is stopped. */
  each(callback) {
    const again = () => {
      if (this.#video === null) return;
      callback();
      this.#next(again);
    };
    this.#next(again);
  }

  /** Calls back once when the camera ends by itself, or is taken away for longer than a moment, as by a call. */
  lost(callback) {
    const [track] = this.#stream.getVideoTracks();
    let muted = 0;
    track.addEventListener("ended", callback);
    track.addEventListener("mute", () => (muted = setTimeout(callback, MUTED_MS)));
    track.addEventListener("unmute", () => clearTimeout(muted));
  }

  /** Take the picture of now: its middle, 4 to 3, as the lens sees it and not as a mirror does. */
  take() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const scale = Math.min(width / this.#canvas.width, height / this.#canvas.height);
    const [w, h] = [this.#canvas.width * scale, this.#canvas.height * scale];
    const middle = [(width - w) / 2, (height - h) / 2, w, h];
    this.#context.drawImage(this.#video, ...middle, 0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** The JPEG of what was taken. */
  async jpeg() {
    const blob = await new Promise((resolve) => this.#canvas.toBlob(resolve, "image/jpeg", QUALITY));
    return new Uint8Array(await blob.arrayBuffer());
  }

  /** Off, and its light with it. */
  stop() {
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.#video !== null) this.#video.srcObject = null;
    this.#video = null;
  }

  #next(callback) {
    const video = this.#video;
    if (video === null) return;
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(callback);
    else requestAnimationFrame(() => (video.readyState >= 2 ? callback() : this.#next(callback)));
  }
}
