// What stands in the way, by code: the catalogue has `cap.problem.CODE.title` and `.body` for each.

/** Thrown by whatever finds it, shown by the page. */
export class Problem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}
