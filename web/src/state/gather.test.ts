import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { gathered } from "./gather.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("many calls of one moment are one run, a later one is another", () => {
  const run = vi.fn();
  const { ask } = gathered(run);
  for (let time = 0; time < 5; time += 1) ask();
  expect(run).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(run).toHaveBeenCalledTimes(1);
  ask();
  vi.runAllTimers();
  expect(run).toHaveBeenCalledTimes(2);
});

it("what was called off does not run, and may be asked for again", () => {
  const run = vi.fn();
  const { ask, stop } = gathered(run);
  ask();
  stop();
  vi.runAllTimers();
  expect(run).not.toHaveBeenCalled();
  ask();
  vi.runAllTimers();
  expect(run).toHaveBeenCalledTimes(1);
});
