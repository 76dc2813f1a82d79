/// Notices at the foot of the page. Bounded: the oldest goes when there are too many.

/** Notices shown at once. */
const MOST = 4;
/** How long a notice that is no error stays. */
const SHOWN_MS = 5_000;

export interface Toast {
  readonly id: number;
  readonly kind: "notice" | "error";
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

class Toasts {
  #list = $state.raw<readonly Toast[]>([]);
  #next = 1;

  get list(): readonly Toast[] {
    return this.#list;
  }

  /** Says that something went well; it goes by itself. */
  notice(text: string, action?: Toast["action"]): void {
    const id = this.#add("notice", text, action);
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  /** Says that something went wrong; it stays until it is dismissed. The same is not said twice. */
  error(text: string, action?: Toast["action"]): void {
    if (this.#list.some((toast) => toast.kind === "error" && toast.text === text)) return;
    this.#add("error", text, action);
  }

  dismiss(id: number): void {
    this.#list = this.#list.filter((toast) => toast.id !== id);
  }

  #add(kind: Toast["kind"], text: string, action: Toast["action"]): number {
    const id = this.#next;
    this.#next += 1;
    const toast: Toast = action === undefined ? { id, kind, text } : { id, kind, text, action };
    this.#list = [...this.#list, toast].slice(-MOST);
    return id;
  }
}

export const toasts = new Toasts();
