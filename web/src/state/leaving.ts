/// Going: signing out, or deleting the account. The listing of rooms rests before, for what is asked while one goes is answered that
/// nobody is signed in.

import { rooms } from "./rooms.svelte.js";
import { session } from "./session.svelte.js";

/** Signs out here; where that fails it is said, and one stays. */
export async function signOut(): Promise<void> {
  await rooms.rest();
  if (!(await session.signOut())) rooms.wake();
}

/** Deletes the account for ever; rejects where that is refused. */
export async function deleteAccount(goodbye: { readonly password?: string; readonly texts: boolean }): Promise<void> {
  await rooms.rest();
  try {
    await session.api.me.delete(goodbye);
  } catch (error) {
    rooms.wake();
    throw error;
  }
  session.leave();
}
