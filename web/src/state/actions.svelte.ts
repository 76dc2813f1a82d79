/// What one does in the room that is shown: what is open beside it, what is being edited or answered, and the commands that
/// follow. Which component draws it is not known here.

import type { MessageView } from "@roomlog/client";
import { explain } from "../lib/errors.js";
import { mayDeleteOthers, maySpeak } from "../lib/rights.js";
import { type MessageAction, messageActionOf } from "../lib/shortcuts.js";
import { roomPath } from "../router/routes.js";
import { pressed } from "../ui/keys.js";
import type { MenuItem } from "../ui/menu.js";
import { copyText } from "./clipboard.js";
import type { RoomModel } from "./room.svelte.js";
import { toasts } from "./toasts.svelte.js";

/** What stands beside the messages. */
export type Panel =
  { readonly kind: "members" } | { readonly kind: "search" } | { readonly kind: "thread"; readonly seq: number };

/** What stands over them. */
export type Over =
  | { readonly kind: "delete"; readonly message: MessageView }
  | { readonly kind: "receipt"; readonly seq: number }
  | { readonly kind: "readers"; readonly seq: number }
  | { readonly kind: "date" }
  | { readonly kind: "details" }
  | { readonly kind: "invite" };

/** An emoji being picked: for a message, or for what one writes (null). */
export interface Picking {
  readonly seq: number | null;
  readonly beside: Element;
}

export class RoomActions {
  readonly model: RoomModel;
  #editing = $state<number | null>(null);
  #answering = $state<number | null>(null);
  #panel = $state.raw<Panel | null>(null);
  #over = $state.raw<Over | null>(null);
  #picking = $state.raw<Picking | null>(null);
  /** Brings the focus to where one writes. The composer sets it. */
  focusComposer: () => void = () => undefined;
  /** Puts an emoji into what one writes. The composer sets it. */
  insertEmoji: (emoji: string) => void = () => undefined;

  constructor(model: RoomModel) {
    this.model = model;
  }

  get editing(): number | null {
    return this.#editing;
  }

  /** The seq of the message that one's next answers. */
  get answering(): number | null {
    return this.#answering;
  }

  get panel(): Panel | null {
    return this.#panel;
  }

  get over(): Over | null {
    return this.#over;
  }

  get picking(): Picking | null {
    return this.#picking;
  }

  show(panel: Panel): void {
    this.#panel = panel;
  }

  toggle(kind: "members" | "search"): void {
    this.#panel = this.#panel?.kind === kind ? null : { kind };
  }

  open(over: Over): void {
    this.#over = over;
  }

  closeOver(): void {
    this.#over = null;
  }

  closePanel(): void {
    this.#panel = null;
    this.focusComposer();
  }

  /** Closes what is open, the last first; false where nothing was. */
  close(): boolean {
    if (this.#picking !== null) this.stopPicking();
    else if (this.#editing !== null) this.stopEdit();
    else if (this.#answering !== null) this.stopReply();
    else if (this.#panel !== null) this.closePanel();
    else return false;
    return true;
  }

  openThread(seq: number): void {
    this.#panel = { kind: "thread", seq: this.model.message(seq)?.reply_to ?? seq };
  }

  replyTo(seq: number): void {
    this.#answering = seq;
    this.focusComposer();
  }

  stopReply(): void {
    this.#answering = null;
  }

  edit(seq: number): void {
    this.#editing = seq;
  }

  stopEdit(): void {
    this.#editing = null;
    this.focusComposer();
  }

  async saveEdit(message: MessageView, text: string): Promise<void> {
    const said = text.trim();
    if (said === "" || said === message.text) {
      this.stopEdit();
      return;
    }
    const done = await this.#try(() => this.model.room.edit(message.seq, said));
    if (done && this.#editing === message.seq) this.stopEdit();
  }

  async delete(seq: number): Promise<void> {
    if (await this.#try(() => this.model.room.delete(seq))) this.closeOver();
  }

  async react(seq: number, emoji: string, mine: boolean): Promise<void> {
    const { room } = this.model;
    await this.#try(() => (mine ? room.unreact(seq, emoji) : room.react(seq, emoji)));
  }

  pickFor(seq: number | null, beside: Element): void {
    this.#picking = { seq, beside };
  }

  stopPicking(): void {
    this.#picking = null;
  }

  picked(emoji: string): void {
    const seq = this.#picking?.seq ?? null;
    this.#picking = null;
    if (seq === null) this.insertEmoji(emoji);
    else void this.react(seq, emoji, this.#isMine(seq, emoji));
  }

  send(text: string, mentions: readonly string[]): void {
    if (!this.model.live) this.model.jumpToLatest();
    const replyTo = this.#answering;
    this.model.room.send(text, replyTo === null ? { mentions } : { mentions, replyTo });
    this.#answering = null;
    this.model.forgetUnread();
    this.model.jumpToLatest();
  }

  async copyLink(seq: number): Promise<void> {
    const link = new URL(roomPath(this.model.id, seq), location.origin).href;
    await copy(link, "Link copied.");
  }

  /** What a message's menu holds for who looks. */
  menuOf(message: MessageView): readonly MenuItem[] {
    const { seq } = message;
    const items: MenuItem[] = [{ label: "Open thread", icon: "thread", run: () => this.openThread(seq) }];
    const own = message.from.id === this.model.me;
    if (message.deleted !== true) {
      if (own && maySpeak(this.model.standing)) items.push({ label: "Edit", icon: "edit", run: () => this.edit(seq) });
      items.push({ label: "Copy text", icon: "copy", run: () => void copy(message.text, "Text copied.") });
    }
    items.push(
      { label: "Copy link", icon: "link", run: () => void this.copyLink(seq) },
      { label: "Seen by", icon: "check", run: () => this.open({ kind: "readers", seq }) },
      { label: "Receipt", icon: "receipt", run: () => this.open({ kind: "receipt", seq }) },
    );
    if (this.#mayDelete(message)) {
      items.push({ label: "Delete", icon: "trash", danger: true, run: () => this.open({ kind: "delete", message }) });
    }
    return items;
  }

  /** A key on the message that has the focus. */
  messageKey(event: KeyboardEvent, message: MessageView): void {
    const { currentTarget } = event;
    const action = messageActionOf(pressed(event));
    if (action === null || event.target !== currentTarget || !(currentTarget instanceof Element)) return;
    if (!this.#act(action, message, currentTarget)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #act(action: MessageAction, message: MessageView, element: Element): boolean {
    const speaks = maySpeak(this.model.standing) && message.deleted !== true;
    const { seq } = message;
    switch (action) {
      case "reply":
        if (speaks) this.replyTo(seq);
        return speaks;
      case "react":
        if (speaks) this.pickFor(seq, element);
        return speaks;
      case "edit":
        if (!speaks || message.from.id !== this.model.me) return false;
        this.edit(seq);
        return true;
      case "delete":
        if (!this.#mayDelete(message)) return false;
        this.open({ kind: "delete", message });
        return true;
      case "thread":
        this.openThread(seq);
        return true;
      case "copy-link":
        void this.copyLink(seq);
        return true;
      case "receipt":
        this.open({ kind: "receipt", seq });
        return true;
    }
  }

  #mayDelete(message: MessageView): boolean {
    if (message.deleted === true) return false;
    const { standing } = this.model;
    return message.from.id === this.model.me ? maySpeak(standing) : mayDeleteOthers(standing);
  }

  #isMine(seq: number, emoji: string): boolean {
    const reactions = this.model.message(seq)?.reactions ?? [];
    return reactions.some((reaction) => reaction.emoji === emoji && reaction.mine === true);
  }

  async #try(run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (error) {
      toasts.error(explain(error));
      return false;
    }
  }
}

async function copy(text: string, done: string): Promise<void> {
  if (await copyText(text)) toasts.notice(done);
}
