/** What a browser says of its network and of whether anybody looks. Node says nothing. */
import type { Off } from './emitter.js';

/** Calls `changed` when the network goes or comes back, and `seen` when somebody looks at the page again. */
export function watchNetwork(changed: (present: boolean) => void, seen: () => void): Off {
  if (typeof document === 'undefined') return () => undefined;
  const online = (): void => changed(true);
  const offline = (): void => changed(false);
  const visible = (): void => {
    if (document.visibilityState === 'visible') seen();
  };
  addEventListener('online', online);
  addEventListener('offline', offline);
  document.addEventListener('visibilitychange', visible);
  return () => {
    removeEventListener('online', online);
    removeEventListener('offline', offline);
    document.removeEventListener('visibilitychange', visible);
  };
}
