/// Many messages in little time: said by a page's own socket, for only a browser has one here, many on their way at once.

import { number } from "./caller.js";
import type { Person } from "./people.js";

/** Commands on their way at once; the server takes 64 of a session. */
const IN_FLIGHT = 48;

/** Says `text 1`, `text 2`, … in a room, in this order, as fast as the server takes it. The page must be one of Roomlog's. */
export async function fill(person: Person, room: string, count: number, text: string): Promise<void> {
  const answer = await person.page.evaluate(speak, { room, count, text, inFlight: IN_FLIGHT });
  const said = number(answer, "said");
  if (said !== count) throw new Error(`${said} of ${count} messages were said`);
}

interface Speech {
  readonly room: string;
  readonly count: number;
  readonly text: string;
  readonly inFlight: number;
}

/** Runs in the browser. */
function speak({ room, count, text, inFlight }: Speech): Promise<{ readonly said: number }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/v1/ws`, "roomlog.v1.json");
    let [sent, said] = [0, 0];
    const send = (): void => {
      const frames: string[] = [];
      while (sent < count && sent - said < inFlight) {
        sent += 1;
        frames.push(JSON.stringify({ id: sent, send: { room, cid: crypto.randomUUID(), text: `${text} ${sent}` } }));
      }
      if (frames.length > 0) socket.send(frames.join("\n"));
    };
    socket.addEventListener("message", ({ data }) => {
      for (const line of String(data)
        .split("\n")
        .filter((one) => one !== "")) {
        const frame: unknown = JSON.parse(line);
        if (typeof frame !== "object" || frame === null) continue;
        if ("error" in frame) reject(new Error(line));
        else if ("hello" in frame) send();
        else if ("ping" in frame) socket.send('{"pong":{}}');
        else if ("ok" in frame) said += 1;
      }
      if (said === count) {
        socket.close();
        resolve({ said });
      } else if (sent - said <= inFlight / 2) send();
    });
    socket.addEventListener("close", () => resolve({ said }));
  });
}
