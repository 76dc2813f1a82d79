/// Which dialog of the whole page is open.

export type DialogName = "shortcuts" | "go-to" | "create" | "direct";

class Dialogs {
  #shown = $state<DialogName | null>(null);

  get shown(): DialogName | null {
    return this.#shown;
  }

  open(name: DialogName): void {
    this.#shown = name;
  }

  close(): void {
    this.#shown = null;
  }
}

export const dialogs = new Dialogs();
