/// Whether the rooms' drawer is open, on windows too narrow to show them beside the rest.

class Drawer {
  #open = $state(false);

  get open(): boolean {
    return this.#open;
  }

  show(): void {
    this.#open = true;
  }

  hide(): void {
    this.#open = false;
  }
}

export const drawer = new Drawer();
